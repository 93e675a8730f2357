/**
 * Spending caps of this service. Calls of a client that went through `guardAnthropic` or
 * `guardOpenAI` leave only if the most they can cost fits under every cap of
 * `budget-guard.config.json`.
 *
 * In the application, in this order:
 *
 *   app.use(authenticate); //              whatever finds out who is asking
 *   app.get('/budget', caps.balanceRoute); // if callers may see what they have left
 *   enforceCaps(app, { anthropic });
 *   ... the routes ...
 */
import type { IRouter, Request } from 'express';
import { BudgetGuard, wrapAnthropic, wrapOpenAI } from 'hardcap';
import { hardcapExpress } from 'hardcap/express';

/** One guard for the whole process. `await guard.close()` when it ends. */
export const guard: BudgetGuard = BudgetGuard.fromConfig();

export const caps = hardcapExpress(guard, {
  scopes: (request: Request) => ({ customer: customerOf(request) }),
  // Refuses whoever is not known. Without it, their calls share one account.
  // required: ['customer'],
});

/** Who pays: from what authentication has proven, never from what a caller can write. */
function customerOf(request: Request): string | undefined {
  const { user } = request as unknown as {
    readonly user?: { readonly id?: string | number | null } | null;
  };
  const id = user?.id ?? undefined;
  return id === undefined ? undefined : String(id);
}

/** Clients to guard, by the provider that they call. */
interface Clients {
  readonly anthropic?: Parameters<typeof wrapAnthropic>[0];
  readonly openai?: Parameters<typeof wrapOpenAI>[0];
}

/**
 * Guards the clients, in place, and puts all that is declared after it under the caps: call it
 * behind authentication and before the routes.
 */
export function enforceCaps(app: Pick<IRouter, 'use'>, clients: Clients = {}): void {
  for (const [name, client] of Object.entries(clients)) {
    if (name === 'anthropic') guardAnthropic(client);
    else if (name === 'openai') guardOpenAI(client);
    else throw new TypeError(`It guards anthropic and openai, and knows no client ${name}.`);
  }
  let isBegun = false;
  app.use((_request, _response, next) => {
    // By the first request all routes are declared: errors are answered behind them.
    if (!isBegun) app.use(caps.errors);
    isBegun = true;
    next();
  });
  app.use(caps.scoped);
}

/** The same client, guarded: `const anthropic = guardAnthropic(new Anthropic())`. */
export function guardAnthropic<C extends Parameters<typeof wrapAnthropic>[0]>(client: C): C {
  return wrapAnthropic(client, guard);
}

/** The same client, guarded: `const openai = guardOpenAI(new OpenAI())`. */
export function guardOpenAI<C extends Parameters<typeof wrapOpenAI>[0]>(client: C): C {
  return wrapOpenAI(client, guard);
}

/**
 * Spending caps of this service. Calls of a client that went through `guardAnthropic` or
 * `guardOpenAI` leave only if the most they can cost fits under every cap of
 * `budget-guard.config.json`.
 *
 * In the application, in this order:
 *
 *   app.addHook('onRequest', authenticate); // whatever finds out who is asking
 *   enforceCaps(app, { anthropic });
 *   app.get('/budget', caps.balanceRoute); //  if callers may see what they have left
 *   ... the routes ...
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BudgetGuard, wrapAnthropic, wrapOpenAI } from 'hardcap';
import { hardcapFastify } from 'hardcap/fastify';

/** One guard for the whole process. `await guard.close()` when it ends. */
export const guard: BudgetGuard = BudgetGuard.fromConfig();

export const caps = hardcapFastify(guard, {
  scopes: (request: FastifyRequest) => ({ customer: customerOf(request) }),
  // Refuses whoever is not known. Without it, their calls share one account.
  // required: ['customer'],
});

/** Who pays: from what authentication has proven, never from what a caller can write. */
function customerOf(request: FastifyRequest): string | undefined {
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
export function enforceCaps(app: Pick<FastifyInstance, 'addHook'>, clients: Clients = {}): void {
  for (const [name, client] of Object.entries(clients)) {
    if (name === 'anthropic') guardAnthropic(client);
    else if (name === 'openai') guardOpenAI(client);
    else throw new TypeError(`It guards anthropic and openai, and knows no client ${name}.`);
  }
  caps.attach(app);
}

/** The same client, guarded: `const anthropic = guardAnthropic(new Anthropic())`. */
export function guardAnthropic<C extends Parameters<typeof wrapAnthropic>[0]>(client: C): C {
  return wrapAnthropic(client, guard);
}

/** The same client, guarded: `const openai = guardOpenAI(new OpenAI())`. */
export function guardOpenAI<C extends Parameters<typeof wrapOpenAI>[0]>(client: C): C {
  return wrapOpenAI(client, guard);
}

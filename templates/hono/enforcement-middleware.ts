/**
 * Spending caps of this service. Calls of a client that went through `guardAnthropic` or
 * `guardOpenAI` leave only if the most they can cost fits under every cap of
 * `budget-guard.config.json`.
 *
 * In the application, in this order:
 *
 *   app.use(authenticate); //              whatever finds out who is asking
 *   app.get('/budget', caps.balanceRoute);
 *   app.use(caps.scoped);
 *   ... the routes ...
 */
import type { Context } from 'hono';
import { BudgetGuard, wrapAnthropic, wrapOpenAI } from 'hardcap';
import { hardcapHono } from 'hardcap/hono';

/** One guard for the whole process. `await guard.close()` when it ends. */
export const guard: BudgetGuard = BudgetGuard.fromConfig();

export const caps = hardcapHono(guard, {
  scopes: (c: Context) => ({ customer: customerOf(c) }),
  // Refuses whoever is not known. Without it, their calls share one account.
  // required: ['customer'],
});

/** Who pays: from what authentication has proven, never from what a caller can write. */
function customerOf(c: Context): string | undefined {
  return (c.get('user') as { readonly id?: string } | undefined)?.id;
}

/** The same client, guarded: `const anthropic = guardAnthropic(new Anthropic())`. */
export function guardAnthropic<C extends Parameters<typeof wrapAnthropic>[0]>(client: C): C {
  return wrapAnthropic(client, guard);
}

/** The same client, guarded: `const openai = guardOpenAI(new OpenAI())`. */
export function guardOpenAI<C extends Parameters<typeof wrapOpenAI>[0]>(client: C): C {
  return wrapOpenAI(client, guard);
}

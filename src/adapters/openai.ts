import type { Guard } from '../guard/guard.ts';
import type { Scopes } from '../policy/scope.ts';
import { openai } from '../providers/openai/provider.ts';
import { guardClient, type Clonable } from './client.ts';

/**
 * Puts the guard inside an OpenAI client and returns the same client with the same type.
 *
 * Every attempt is held and settled by itself: retries, `stream()`, `parse()`, `runTools()`,
 * `withOptions()` clones and raw `post()`. A refusal arrives as `BudgetCapError` and is never
 * retried. Works with `openai` 6 and 7. WebSocket classes open connections of their own and are not
 * covered.
 *
 * @example
 * const client = wrapOpenAI(new OpenAI(), guard, { feature: 'search' });
 */
export function wrapOpenAI<C extends Clonable>(client: C, guard: Guard, scopes?: Scopes): C {
  return guardClient(client, { guard, provider: openai, scopes });
}

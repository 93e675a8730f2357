import type { Guard } from '../guard/guard.ts';
import type { Scopes } from '../policy/scope.ts';
import { anthropic } from '../providers/anthropic/provider.ts';
import { guardClient, type Clonable } from './client.ts';

/**
 * Puts the guard inside an Anthropic client and returns the same client with the same type.
 *
 * Every attempt is held and settled by itself: retries, `stream()`, `parse()`, `beta`,
 * `toolRunner`,
 * `withOptions()` clones and raw `post()`. A refusal arrives as `BudgetCapError` and is never
 * retried. Works with `@anthropic-ai/sdk` 0.100 and later, 1.x included.
 *
 * @example
 * const client = wrapAnthropic(new Anthropic(), guard, { feature: 'chat' });
 */
export function wrapAnthropic<C extends Clonable>(client: C, guard: Guard, scopes?: Scopes): C {
  return guardClient(client, { guard, provider: anthropic, scopes });
}

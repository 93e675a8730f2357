import type { ScopeSet } from '../../policy/scope.ts';
import type { RequestFacts } from '../../providers/provider.ts';
import { Digest } from './digest.ts';

/**
 * Fields that may differ between two sendings of what is one request: how the answer is delivered,
 * labels for the provider's own records, and who asks. Everything else counts, a seed too.
 */
const VARYING_FIELDS: ReadonlySet<string> = new Set([
  'stream',
  'stream_options',
  'metadata',
  'user',
  'safety_identifier',
]);

/**
 * What makes a request the same as another: provider, route and the body but for `VARYING_FIELDS`.
 */
export function fingerprintOf(provider: string, { route, body }: RequestFacts): string {
  const names = Object.keys(body).filter((name) => !VARYING_FIELDS.has(name));
  const digest = new Digest().text(provider).text(route);
  for (const name of names.sort()) {
    if (body[name] !== undefined) digest.text(name).value(body[name]);
  }
  return digest.toString();
}

/** The same request by the same callers: with every scope value, in order. */
export function callerFingerprint(provider: string, facts: RequestFacts, scopes: ScopeSet): string {
  return `${fingerprintOf(provider, facts)}/${new Digest().value(scopes).toString()}`;
}

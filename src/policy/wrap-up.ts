import { invariant } from '../errors/error.ts';
import type { Ceiling } from '../ledger/account.ts';
import { calls, tokens } from '../units/count.ts';
import { nanoUsd } from '../units/money.ts';
import { PARTS_PER_WHOLE } from './amount-fields.ts';
import type { Cap } from './cap.ts';

/** What the id of a cap's second account ends with. */
const WORK = '~work';

/** The id of the account that calls not marked `wrapUp` draw on beside the whole cap. */
export function workIdOf(capId: string): string {
  return `${capId}${WORK}`;
}

/**
 * The cap as calls that are not marked `wrapUp` see it: without the part that is kept. Thresholds
 * are those of the whole cap, so this one has none.
 */
export function workOf(cap: Cap): Cap {
  return Object.freeze({
    ...cap,
    id: workIdOf(cap.id),
    ceiling: ceilingOf(cap, PARTS_PER_WHOLE - cap.wrapUpParts),
    thresholds: Object.freeze([]),
  });
}

/** What the cap keeps for calls marked `wrapUp`: all that its work account does not allow. */
export function keptOf(cap: Cap): Ceiling {
  const work = ceilingOf(cap, PARTS_PER_WHOLE - cap.wrapUpParts);
  const { usd, tokens: most, calls: count } = cap.ceiling;
  return Object.freeze({
    usd: usd && nanoUsd(usd - (work.usd ?? usd)),
    tokens: most && tokens(most - (work.tokens ?? most)),
    calls: count && calls(count - (work.calls ?? count)),
  });
}

/** So many millionths of a ceiling, rounded down. */
function ceilingOf({ ceiling }: Cap, parts: number): Ceiling {
  const partOf = (amount: number): number =>
    Number((BigInt(amount) * BigInt(parts)) / BigInt(PARTS_PER_WHOLE));
  const part = {
    usd: ceiling.usd === undefined ? undefined : nanoUsd(partOf(ceiling.usd)),
    tokens: ceiling.tokens === undefined ? undefined : tokens(partOf(ceiling.tokens)),
    calls: ceiling.calls === undefined ? undefined : calls(partOf(ceiling.calls)),
  };
  for (const dimension of ['usd', 'tokens', 'calls'] as const) {
    const isSame = (part[dimension] === undefined) === (ceiling[dimension] === undefined);
    invariant(isSame, 'a part of a ceiling is an amount of the same kind');
  }
  return Object.freeze(part);
}

import { readConfig } from '../../policy/read-config.ts';
import { epochMs, shifted, type EpochMs } from '../../units/time.ts';
import { GuardedRun, type GuardTerms, type Refusal } from '../simulate/guarded-run.ts';
import { noPrice } from '../simulate/priced.ts';
import type { RecordedCall, Recording } from '../simulate/recording.ts';
import { noCeiling, plannedCall } from '../simulate/sources.ts';
import type { PlannedCall } from '../simulate/traffic.ts';
import { usageError } from '../usage-error.ts';
import type { RefusedCall, ReplayAnswer } from './answer.ts';
import { ReplayedCaps } from './caps.ts';
import { ReplayedGroups } from './groups.ts';

/** What came of a recording under the caps. */
export type Replayed = Omit<ReplayAnswer, 'kind' | 'version' | 'source' | 'notes'>;

/**
 * Plays every call of a recording once, in the order of their instants (calls of one instant in the
 * order of the file), through the production guard. `at_ms` counts from `start`.
 *
 * The same recording, configuration and start give the same answer. Throws `COMMAND_INVALID` for a
 * call without a price, without a ceiling where the provider needs one, or beyond the calendar.
 */
export function replayed(recording: Recording, { config, book, start }: GuardTerms): Replayed {
  const places = new Map<PlannedCall, number>();
  for (const [index, call] of recording.calls.entries()) {
    places.set(pricedCall(call, { book, start, place: index + 1 }), index + 1);
  }
  const timed = [...places.keys()]
    .map((call) => ({ call, atMs: call.offsetMs }))
    .toSorted((left, right) => left.atMs - right.atMs);
  const [groups, caps] = [new ReplayedGroups(), new ReplayedCaps(readConfig(config).caps)];
  for (const call of places.keys()) groups.addBilled(call);
  let adapted = 0;
  const day = new GuardedRun({ config, book, start }).play(0, timed, {
    lastMs: Infinity,
    onSettled: ({ call, cost, isAdapted, accounts }) => {
      groups.addSettled(call, cost);
      caps.addSettled(accounts);
      if (isAdapted) adapted += 1;
    },
  });
  const all = day.refusals.toSorted((left, right) => left.atMs - right.atMs);
  const refusals = all.map((refusal) => refusedCall(refusal, { start, places }));
  for (const refusal of refusals) caps.addRefused(refusal);
  const refused = all.filter(({ isObserved }) => !isObserved);
  for (const { call } of refused) groups.addRefused(call);
  return {
    from: new Date(start).toISOString(),
    to: isoOf(start, timed.at(-1)?.atMs ?? 0),
    calls: timed.length,
    refused_calls: refused.length,
    adapted_calls: adapted,
    billed_nano_usd: timed.reduce((sum, { call }) => sum + call.cost, 0),
    under_caps_nano_usd: day.spent,
    groups: groups.rows(),
    caps: caps.rows(),
    refusals,
  };
}

interface Played {
  readonly start: EpochMs;
  readonly places: ReadonlyMap<PlannedCall, number>;
}

function refusedCall(refusal: Refusal, { start, places }: Played): RefusedCall {
  const { call, atMs, capId, scope, window, isObserved } = refusal;
  const isByCap = capId !== undefined;
  return {
    call: places.get(call) ?? 0,
    at: isoOf(start, atMs),
    model: call.model,
    scopes: call.scopes,
    cap_id: capId ?? null,
    scope: isByCap ? scope : null,
    window: isByCap ? window : null,
    code: isByCap ? null : scope,
    is_observed: isObserved,
    billed_nano_usd: call.cost,
  };
}

function isoOf(start: EpochMs, atMs: number): string {
  return new Date(shifted(start, atMs)).toISOString();
}

interface Place extends Omit<GuardTerms, 'config'> {
  /** In the recording, from 1. */
  readonly place: number;
}

/** The call at the prices of its own instant. */
function pricedCall(call: RecordedCall, { book, start, place }: Place): PlannedCall {
  const { provider, route, model, outputMax, atMs } = call;
  if (provider === 'anthropic' && route === 'messages' && outputMax === undefined) {
    throw noCeiling(model);
  }
  const at = epochMs(start + atMs);
  if (at === undefined) {
    throw usageError(
      `Call ${place} of the recording is made ${atMs} ms after its start, which no calendar has`,
      'Correct its at_ms: milliseconds from the first call of the recording to this one',
    );
  }
  const isOwn = call.usage.lines.some((line) => line.model === undefined);
  if (isOwn && book.find(provider, model, at) === undefined) {
    throw noPrice(`Call ${place} of the recording has no price: ${provider} ${model}`, model);
  }
  return plannedCall(call, { book, at });
}

import type { Fault } from '../../../src/emulator/emulator.ts';
import type { Incident } from '../../catalogue/incident.ts';
import { PIECES } from '../../judge/oracle.ts';
import type { PlannedCall } from '../play.ts';
import { one, type FaultRule, type Variant } from '../variant.ts';

/** Answers that fail, break off, or say nothing reliable about what they cost. */

const TURNED_AWAY = "the provider's own error before it generates, which it does not bill";
const LOST = 'the answer is lost after it was generated, and billed';
const OUTSIDE_429 =
  'A provider that billed its own 429 would break what providers state: such an answer bills nothing.';
const STALL_MS = 60_000;

const STATUS: Readonly<Record<string, number>> = { error_429: 429, error_5xx: 529 };

/** P01. The catalogue says of these errors that their billing is unknown, so both are played. */
export const retryStorm: FaultRule = ({ scenario }) => {
  const result = scenario.calls[0]?.result ?? 'ok';
  const retries = Number(scenario.fault['declared_max_retries'] ?? 0);
  const play = { isRetryStorm: true, attemptsMax: scenario.calls[0]?.n ?? 1 };
  const now = { 'retry-after-ms': '1' };
  const variants: Variant[] = [];
  if (result === 'error_timeout') {
    const stalls: Fault = { kind: 'stall-headers', delayMs: STALL_MS };
    variants.push({
      name: 'lost',
      note: `the client gives up waiting; ${LOST}`,
      call: (call) => ({ ...call, fault: stalls, leavesUnanswered: true }),
      play,
      excuses: ['unknown-is-spent'],
    });
    variants.push({
      name: 'never served',
      note: 'the connection breaks before the provider has begun; nobody can know that',
      call: withFault({ kind: 'reset-before-response', billed: false }),
      play,
      excuses: ['unknown-is-spent'],
    });
    return variants;
  }
  const status = STATUS[result] ?? 429;
  variants.push({
    name: 'turned away',
    note: TURNED_AWAY,
    call: (call) => ({
      ...call,
      fault: { kind: 'status', status, headers: now },
      sdkRetries: retries,
    }),
    play,
  });
  if (result === 'error_5xx') {
    const page: Fault = { kind: 'status', status: 502, body: 'html', billed: true, headers: now };
    variants.push({
      name: 'lost',
      note: `a proxy's error page stands in for the answer; ${LOST}`,
      call: (call) => ({ ...call, fault: page, sdkRetries: retries }),
      play,
      excuses: ['unknown-is-spent'],
    });
    return variants;
  }
  variants.push({
    name: 'breaks off',
    note: 'the limit strikes while the answer streams: the prompt has been read, and is billed',
    endpoint: 'messages',
    call: (call) => ({
      ...call,
      isStream: true,
      fault: { kind: 'error-mid-stream', afterEvents: 1 },
    }),
    play: { ...play, billOnDisconnect: 'generated' },
    excuses: ['unknown-is-spent'],
  });
  variants.push({
    name: '429 billed',
    note: 'the provider turns the call away and bills it all the same',
    outside: OUTSIDE_429,
    call: withFault({ kind: 'status', status, billed: true, headers: now }),
    play,
  });
  return variants;
};

/** P10. The client leaves; the provider bills the prompt and what it had written by then. */
export const lostOnAbort: FaultRule = ({ scenario }) => {
  const isResponses = scenario.fault['terminal_event'] === 'response.incomplete';
  return one(
    (call, { row }) => {
      const pieces = Math.round((row.fraction_of_output_seen ?? 0.2) * PIECES);
      const output = Math.floor((call.usage.output * pieces) / PIECES);
      // The events of each API that come before the first piece.
      const before = isResponses ? 4 : 3;
      return {
        ...call,
        isStream: true,
        leavesAfter: pieces,
        fault: { kind: 'stall-body', delayMs: STALL_MS, afterEvents: before + pieces },
        usage: { ...call.usage, output },
        tracker: { ...call.tracker, counts: 0 },
      };
    },
    {
      endpoint: isResponses ? 'responses' : 'messages',
      play: { billOnDisconnect: 'generated' },
      excuses: ['unknown-is-spent'],
    },
  );
};

/** P11. Nobody asked for usage, which the guard does; or it does not come even so. */
export const streamWithoutUsage: FaultRule = () => {
  const unseen = (call: PlannedCall): PlannedCall => ({
    ...call,
    isStream: true,
    tracker: { ...call.tracker, counts: 0 },
  });
  return [
    {
      name: 'not asked for',
      note: 'the client does not ask for usage on the stream; the guard asks and hides the answer',
      endpoint: 'chat',
      call: unseen,
    },
    {
      name: 'never comes',
      note: 'the provider sends no usage, asked or not',
      endpoint: 'chat',
      call: (call) => ({ ...unseen(call), fault: { kind: 'missing-usage' } }),
      excuses: ['unknown-is-spent'],
    },
  ];
};

/** P12. */
export const cumulativeUsage: FaultRule = () =>
  one(
    (call) => ({
      ...call,
      isStream: true,
      fault: { kind: 'growing-usage' },
      tracker: { ...call.tracker, sumsChunks: true },
    }),
    { endpoint: 'chat' },
  );

/** Every figure divided by this is zero. */
const TO_ZERO = 1e12;

/** P13. */
export const reportsTooLittle: FaultRule = ({ scenario }) => {
  const { fault } = scenario;
  const unseen = (call: PlannedCall): PlannedCall => ({
    ...call,
    tracker: { ...call.tracker, counts: 0 },
  });
  if (fault['explicit_zero'] === true) {
    return [
      {
        name: '',
        note: 'a model that costs nothing says so; the tracker guesses a price in its place',
        tariff: { profile: 'free' },
        call: (call) => ({
          ...call,
          fault: { kind: 'under-report', factor: TO_ZERO },
          tracker: { ...call.tracker, profile: 'std' },
        }),
      },
    ];
  }
  return [
    {
      name: 'framework',
      note: 'the provider reports what it bills and the framework does not look',
      call: unseen,
    },
    {
      name: 'missing',
      note: 'the answer carries no usage',
      call: (call) => ({ ...unseen(call), fault: { kind: 'missing-usage' } }),
      excuses: ['unknown-is-spent'],
    },
    {
      name: 'zeros',
      note: 'the answer says that a prompt of thousands of tokens was none',
      call: (call) => ({ ...unseen(call), fault: { kind: 'under-report', factor: TO_ZERO } }),
      excuses: ['unknown-is-spent'],
    },
  ];
};

const HOSTILE: Readonly<Record<string, readonly Fault[]>> = {
  'NaN, then -5.0': [hostile('text'), hostile('negative')],
  "NaN / inf / '0.05'": [hostile('fractional'), hostile('huge'), hostile('text')],
};

/** P29. Figures that cannot be meant, from the provider or in the configuration. */
export const numericAbuse: FaultRule = (incident) => {
  const value = String(incident.scenario.fault['value'] ?? '');
  const faults = HOSTILE[value];
  if (faults !== undefined) {
    return one(
      (call, { repetition }) => ({
        ...call,
        fault: faults[repetition % faults.length],
        tracker: { ...call.tracker, isNaN: true },
      }),
      { excuses: ['unknown-is-spent'] },
    );
  }
  return one((call) => call, { play: capOf(value, incident) });
};

function capOf(value: string, { scenario }: Incident): { readonly capUsd?: number } {
  if (value === 'cap given as NaN') return { capUsd: Number.NaN };
  if (value === 'cap 0') return { capUsd: 0 };
  return { capUsd: scenario.actors[0]?.cap_usd ?? 0 };
}

function hostile(value: 'negative' | 'fractional' | 'huge' | 'text'): Fault {
  return { kind: 'hostile-usage', value };
}

function withFault(fault: Fault): (call: PlannedCall) => PlannedCall {
  return (call) => ({ ...call, fault });
}

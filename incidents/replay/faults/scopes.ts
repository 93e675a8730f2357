import { one, PLAIN, type FaultRule } from '../variant.ts';

/** Who spends, where it is counted, and for how long. */

const HALF_HOUR_MS = 1_800_000;
const DAY_MS = 86_400_000;
/** A Thursday, at midnight in UTC. */
const MIDNIGHT_MS = Date.UTC(2026, 9, 1);

/** P02, P03, P04, P05, P06, P31, P35, P36, P37, P38: nothing but the calls themselves. */
export const plain = PLAIN;

/** P04. The tracker expects what the screen shows of the prompt. */
export const contextAmplification: FaultRule = () =>
  one((call) => {
    const expectedInput = Math.max(1, Math.floor(call.promptTokens / 2));
    return { ...call, tracker: { ...call.tracker, expectedInput } };
  });

/** P07. */
export const descendantNotCounted: FaultRule = ({ scenario }) =>
  one((call, { row }) => {
    if (row.visible_in_framework_usage !== false) return call;
    const counts = scenario.fault['counted'] === 'twice' ? 2 : 0;
    return { ...call, tracker: { ...call.tracker, counts } };
  });

/** P08. The nested run has a counter of its own, as large as the outer one. */
export const limitNotInherited: FaultRule = () =>
  one((call) => ({ ...call, tracker: { ...call.tracker, counter: 'instance' } }));

/** P09. The parent's scope is closed; what is in flight is settled, nothing new leaves. */
export const cancelNotPropagated: FaultRule = ({ scenario }) =>
  one((call) => call, {
    play: {
      host: 'closing',
      hostEventAfter: Number(scenario.fault['parent_closes_after_calls'] ?? 1),
    },
    excuses: ['scope-closed'],
  });

/** P20. The process is killed with a call in flight, and another takes its place. */
export const lostOnRestart: FaultRule = ({ scenario }) =>
  one((call) => ({ ...call, tracker: { ...call.tracker, counter: 'life' } }), {
    play: {
      host: 'restart',
      hostEventAfter: Number(scenario.fault['restart_after_calls'] ?? 1),
    },
    excuses: ['unknown-is-spent'],
  });

/** P21. The store comes back as it was before the last changes. */
export const storeFault: FaultRule = () =>
  one((call) => ({ ...call, tracker: { ...call.tracker, counter: 'life' } }), {
    play: { host: 'rollback', hostEventAfter: 2 },
    excuses: ['store-not-trusted'],
  });

/** P22, P23. */
export const mustRun: FaultRule = () => one((call) => call);

/** P26. The clock moves on; each wake-up is a session of its own. */
export const recurring: FaultRule = () =>
  one(
    (call, { repetition }) => ({
      ...call,
      thenMs: HALF_HOUR_MS,
      scopes: { session: `wake-${repetition}` },
      tracker: { ...call.tracker, counter: 'call' },
    }),
    { play: { capWindow: 'day', startsAt: MIDNIGHT_MS } },
  );

/** P27. */
export const duplicates: FaultRule = () =>
  one((call) => ({ ...call, tracker: { ...call.tracker, counter: 'call' } }));

const ZONES: Readonly<Record<string, string>> = {
  'UTC vs local': 'America/New_York',
  'local vs UTC': 'Asia/Kolkata',
};
/** How far the first instant of the day in each zone lies from midnight in UTC. */
const ZONE_MIDNIGHT_MS: Readonly<Record<string, number>> = {
  UTC: 0,
  'America/New_York': 4 * 3_600_000,
  'Asia/Kolkata': -5.5 * 3_600_000,
};

/** P28. The last call of the first day ends on the second. */
export const windowBoundary: FaultRule = ({ scenario }) => {
  const zone = ZONES[String(scenario.fault['clock'])] ?? 'UTC';
  const midnight = MIDNIGHT_MS + DAY_MS + (ZONE_MIDNIGHT_MS[zone] ?? 0);
  return one(
    (call, { row, rowIndex, repetition }) => {
      const isAcross = row.settles_after_boundary === true && repetition === row.n - 1;
      return { ...call, window: rowIndex === 0 ? 0 : 1, meanwhileMs: isAcross ? 10_000 : 0 };
    },
    { play: { capWindow: 'day', startsAt: midnight - 5_000, config: { timeZone: zone } } },
  );
};

/** P30. Calls over every API shape under one cap; or without the user that the cap is for. */
export const unmeteredPath: FaultRule = ({ scenario }) => {
  const isByHeader = !String(scenario.fault['route']).startsWith('/');
  if (isByHeader) {
    return one((call) => ({ ...call, tracker: { ...call.tracker, counts: 0 } }), {
      note: 'the caller names no user, so the cap per user has no value to go by',
      play: { capScope: 'customer' },
    });
  }
  return one((call) => ({ ...call, tracker: { ...call.tracker, counts: 0 } }), {
    note: 'every second call goes over the other of the two routes',
    play: {},
  });
};

/** P31. */
export const notBinding: FaultRule = () => one((call) => call, { play: { ignoresRefusals: true } });

/** P32. A fifth of the cap is kept for a closing call. */
export const hardCliff: FaultRule = () => one((call) => call, { play: { wrapUp: 0.2 } });

/** P34. Base64 as text is text; a picture is a picture. */
export const multimodal: FaultRule = () =>
  one(
    (call, { row }) => ({
      ...call,
      tracker: {
        ...call.tracker,
        expectedInput: call.promptTokens + (row.image_vision_tokens ?? 0),
      },
    }),
    { endpoint: 'messages' },
  );

/** P39. The stored conversation is billed again with each continuation. */
export const inputNotVisible: FaultRule = ({ scenario }) => {
  const stored = scenario.calls[0]?.server_side_input ?? 0;
  return [
    {
      name: 'unknown',
      note: 'nothing says how long the stored conversation is',
      endpoint: 'responses',
      play: { storedTokens: stored },
      excuses: ['history-unknown'],
    },
    {
      name: 'stated',
      note: 'the configuration says how long stored conversations may be',
      endpoint: 'responses',
      play: {
        storedTokens: stored,
        config: { allow: { previous_response_id: { inputTokensMax: stored } } },
      },
    },
  ];
};

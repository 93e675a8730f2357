import { instancesOf } from '../replay/truth.ts';
import type { CallContext, Fetch, Policy, PolicyName, Session, Stage } from './policy.ts';
import { counterOf, expectedUsd, trackedUsd } from './tracked.ts';

/**
 * No guard: every call leaves.
 */
export const none: Policy = {
  name: 'none',
  open: (stage) => sessionOf(stage, stage.base),
};

/**
 * What most applications write first: compare the recorded spend and the expected cost with the
 * cap, await the call, record what it reported. Expects four bytes a token, and the ceiling if
 * there is one. Between check and record lies the whole call.
 */
export const checkThenRecord: Policy = gate('check-then-record', {
  mayGo: ({ spent }, capUsd, { estimate }) => !(spent + estimate > capUsd),
  holds: () => 0,
});

/**
 * Callbacks and gateways that look at the meter after each answer: once recorded spend has reached
 * the cap, the next call is refused.
 */
export const postCall: Policy = gate('post-call', {
  mayGo: ({ spent }, capUsd) => !(spent >= capUsd),
  holds: () => 0,
});

/**
 * Reservation under a lock (the paper's B and E): one token a byte and the whole output ceiling are
 * held before the call, checked and taken in one step; a reported usage replaces the hold, an error
 * status gives it back, and what is not reported stays taken.
 */
export const mutexFullCeiling: Policy = gate('mutex-full-ceiling', {
  mayGo: ({ spent, held }, capUsd, { full }) => !(spent + held + full > capUsd),
  holds: ({ full }) => full,
});

/**
 * The cap cut into equal shares beforehand, one for each instance that calls (the paper's C); each
 * share is held from as under `mutex-full-ceiling`.
 */
export const fixedSplit: Policy = gate('fixed-split', {
  mayGo: ({ spent, held }, capUsd, { full }) => !(spent + held + full > capUsd),
  holds: ({ full }) => full,
  isSplit: true,
});

interface Counter {
  spent: number;
  held: number;
}

interface Expected {
  readonly estimate: number;
  readonly full: number;
}

interface Rule {
  readonly mayGo: (counter: Counter, capUsd: number, expected: Expected) => boolean;
  /** What is taken before the call and replaced after it. */
  readonly holds: (expected: Expected) => number;
  readonly isSplit?: boolean;
}

const BYTES_PER_TOKEN = 4;
const REFUSED_STATUS = 402;
/** By this header the run knows a baseline's own refusal. */
export const REFUSED_HEADER = 'x-replay-refused';

function gate(name: PolicyName, rule: Rule): Policy {
  return {
    name,
    open(stage) {
      const counters = new Map<string, Counter>();
      const capUsd = rule.isSplit === true ? shareUsd(stage) : stage.play.capUsd;
      const fetch: Fetch = async (input, init) => {
        const context = stage.callOf(init);
        const counter = counterFor(counters, rule, stage, context);
        const expected = expectedOf(context, init);
        if (!rule.mayGo(counter, capUsd, expected)) return refusal();
        const held = rule.holds(expected);
        counter.held += held;
        const response = await stage.base(input, init);
        return recorded(response, { counter, held, context });
      };
      return sessionOf(stage, fetch);
    },
  };
}

function counterFor(
  counters: Map<string, Counter>,
  rule: Rule,
  { life }: Stage,
  { call, id, instance }: CallContext,
): Counter {
  const own = counterOf(call.tracker, { instance, id, life });
  const key = rule.isSplit === true ? `${instance}|${own}` : own;
  const counter = counters.get(key) ?? { spent: 0, held: 0 };
  counters.set(key, counter);
  return counter;
}

function shareUsd({ play }: Stage): number {
  const instances = instancesOf(play);
  const callers = new Set(play.rows.map(({ actor }) => actor));
  let shares = 0;
  for (const id of callers) shares += instances.get(id) ?? 1;
  return play.capUsd / Math.max(1, shares);
}

function expectedOf({ call }: CallContext, init: RequestInit | undefined): Expected {
  const bytes = typeof init?.body === 'string' ? Buffer.byteLength(init.body) : 0;
  const ceiling = call.outputMax ?? 0;
  const inputTokens = call.tracker.expectedInput ?? Math.ceil(bytes / BYTES_PER_TOKEN);
  const most = call.outputMax ?? call.billed.outputTokensMax;
  return {
    estimate: expectedUsd(call, { inputTokens, outputTokens: ceiling }),
    full: expectedUsd(call, { inputTokens: bytes, outputTokens: most }),
  };
}

interface Taken {
  readonly counter: Counter;
  readonly held: number;
  readonly context: CallContext;
}

/** Replaces the hold by what the tracker finds; a body that is never read to its end keeps it. */
async function recorded(response: Response, { counter, held, context }: Taken): Promise<Response> {
  const { call } = context;
  if (!response.ok) {
    counter.held -= held;
    return response;
  }
  const settle = (text: string) => {
    const found = trackedUsd(call, text, call.isStream);
    // Without a hold there is nothing to fall back on: what was not reported is not counted.
    counter.spent += found ?? held;
    counter.held -= held;
  };
  if (!call.isStream || response.body === null) {
    const text = await response.text();
    settle(text);
    return new Response(text, { status: response.status, headers: plainHeaders(response) });
  }
  const decoder = new TextDecoder();
  let text = '';
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      text += decoder.decode(chunk, { stream: true });
      controller.enqueue(chunk);
    },
    flush: () => settle(text),
  });
  const body = response.body.pipeThrough(watch);
  return new Response(body, { status: response.status, headers: plainHeaders(response) });
}

function plainHeaders(response: Response): Headers {
  const headers = new Headers(response.headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) {
    headers.delete(name);
  }
  return headers;
}

function refusal(): Response {
  const error = { type: 'budget', message: 'the budget of this run is used up' };
  const headers = {
    'content-type': 'application/json',
    'x-should-retry': 'false',
    [REFUSED_HEADER]: '1',
  };
  return new Response(JSON.stringify({ error }), { status: REFUSED_STATUS, headers });
}

function sessionOf(stage: Stage, fetch: Fetch): Session {
  return {
    clients: stage.clients(fetch),
    within: (_scopes, fn) => fn(),
    asWrapUp: (fn) => fn(),
    closeRun: () => Promise.resolve(),
    rollBack: () => undefined,
    openHolds: () => 0,
    close: () => Promise.resolve(),
  };
}

import type { HardcapError } from '../errors/error.ts';
import type { AccountBalance } from '../guard/balance.ts';
import type { Guard } from '../guard/guard.ts';
import { workIdOf } from '../policy/wrap-up.ts';
import { remainingRefusal } from './admission.ts';
import { answerTo, PRIVATE_HEADERS, type CapsAnswer } from './answer.ts';
import { attribute, type RequestFacts } from './attribution.ts';
import { hardcapErrorIn } from './find-error.ts';
import { ownScopesOf, rememberRequest, requestCapsOf, RequestCaps } from './request-caps.ts';
import { readCapsOptions, type CapsOptions, type CapsSettings } from './settings.ts';

/** One of the caller's own accounts, in dollars. */
export interface OwnBalance {
  readonly scope: string;
  readonly window: string;
  /** `null` where the cap counts tokens or calls only. */
  readonly cap_usd: number | null;
  readonly spend_usd: number;
  /** Dollars held by calls in flight. */
  readonly held_usd: number;
  readonly remaining_usd: number | null;
  /** When the window ends, ISO 8601 in UTC; `null` for a lifetime. */
  readonly resets_at: string | null;
}

/** The answer of the balance route. */
export interface BalanceAnswer {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly accounts: readonly OwnBalance[] };
}

/** How a request goes on: its handler runs for somebody, or it is answered here. */
export type Begun =
  | { readonly kind: 'begun'; readonly caps: RequestCaps }
  | { readonly kind: 'answered'; readonly answer: CapsAnswer };

/** What all frameworks share: whose request it is, whether it may begin, how a no is said. */
export class FrontDoor<Request> {
  readonly #guard: Guard;
  readonly #settings: CapsSettings<Request>;

  constructor(guard: Guard, options: CapsOptions<Request>) {
    this.#guard = guard;
    this.#settings = readCapsOptions(options);
  }

  /**
   * Attributes the request and looks whether its caps have `minRemainingUsd` left. Rejects with
   * what the application's `scopes` throws.
   */
  async begin(facts: RequestFacts<Request>, signal: () => AbortSignal): Promise<Begun> {
    const attribution = await attribute(facts, this.#settings);
    if (attribution.kind === 'refused') {
      const { error, status } = attribution;
      return { kind: 'answered', answer: this.#say(error, facts, status) };
    }
    const { layers } = attribution;
    const caps = rememberRequest(facts.key, { guard: this.#guard, layers, signal });
    const { minRemaining } = this.#settings;
    const short =
      minRemaining === undefined ? undefined : remainingRefusal(caps.guard.balance(), minRemaining);
    if (short === undefined) return { kind: 'begun', caps };
    return { kind: 'answered', answer: this.#say(short, facts) };
  }

  /** The answer to an error of this package, or to one that has it behind it; else `undefined`. */
  answer(error: unknown, facts: RequestFacts<Request>): CapsAnswer | undefined {
    const own = hardcapErrorIn(error);
    return own === undefined ? undefined : this.#say(own, facts);
  }

  /**
   * What the caller's own accounts hold, up to date with what other processes spend. Refuses nobody
   * for having nothing left: whoever has spent all must be able to read it.
   */
  async balance(facts: RequestFacts<Request>): Promise<CapsAnswer | BalanceAnswer> {
    const attribution = await attribute(facts, this.#settings);
    if (attribution.kind === 'refused') {
      return this.#say(attribution.error, facts, attribution.status);
    }
    const { layers } = attribution;
    const caps = new RequestCaps({ guard: this.#guard, layers, signal: neverAborted });
    const own = ownScopesOf(caps, this.#settings.ownDimensions);
    try {
      if (own.size > 0) await caps.guard.refresh();
    } catch (error) {
      const answer = this.answer(error, facts);
      if (answer === undefined) throw error;
      return answer;
    }
    const accounts = ownAccounts(caps.guard.balance(), own);
    return { status: 200, headers: PRIVATE_HEADERS, body: { accounts } };
  }

  #say(error: HardcapError, facts: RequestFacts<Request>, status?: number): CapsAnswer {
    const { onAnswer, ownDimensions } = this.#settings;
    const own = ownScopesOf(requestCapsOf(facts.key), ownDimensions);
    const terms = { settings: this.#settings, own, ...(status === undefined ? {} : { status }) };
    const answer = answerTo(error, terms);
    try {
      if (onAnswer !== undefined) onAnswer(error, facts.request);
      else if (answer.status >= 500) facts.log(error);
    } catch (fault) {
      // The caller gets its answer; the listener's own bug must surface, but not in its place.
      queueMicrotask(() => {
        throw fault;
      });
    }
    return answer;
  }
}

/** What became of a promise, as a value: callbacks of a framework are then called outside of it. */
export async function settled<T>(
  promise: Promise<T>,
): Promise<
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
> {
  try {
    return { kind: 'done', value: await promise };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

function ownAccounts(
  balances: readonly AccountBalance[],
  own: ReadonlySet<string>,
): readonly OwnBalance[] {
  const ids = new Set(balances.map(({ cap_id: id }) => workIdOf(id)));
  return balances
    .filter(({ scope, mode, cap_id: id }) => mode === 'enforce' && own.has(scope) && !ids.has(id))
    .map(({ scope, window, cap_usd, spend_usd, held_usd, remaining_usd, resets_at }) => ({
      scope,
      window,
      cap_usd,
      spend_usd,
      held_usd,
      remaining_usd,
      resets_at,
    }));
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

import type { EpochMs } from '../units/time.ts';
import { secondsCeil, between } from '../units/time.ts';
import { formatUsd, usdOf, NANO_USD_ZERO, type NanoUsd } from '../units/money.ts';
import type { Tokens, Calls } from '../units/count.ts';
import { HardcapError, RefusalError, markError } from './error.ts';
import {
  loopRemedy,
  loopSentence,
  stormSentence,
  type LoopDimension,
  type LoopPattern,
  type LoopShortfall,
  type RefusalStorm,
} from './loop-shortfall.ts';

/** What a cap can be short of. */
export type CapDimension = 'usd' | 'tokens' | 'calls' | LoopDimension;

/**
 * One account's figures in a refusal. Money in nano-dollars; `undefined` where the cap has no such
 * dimension.
 */
export interface AccountShortfall {
  readonly capId: string;
  /** `'global'` or `'<dimension>:<value>'`. */
  readonly scope: string;
  /** `day`, `rolling 3600000 ms`, `lifetime` ... */
  readonly window: string;
  /** Which dimension of the cap is short first. */
  readonly dimension: CapDimension;
  readonly spentNanoUsd: NanoUsd;
  readonly heldNanoUsd: NanoUsd;
  readonly capNanoUsd: NanoUsd | undefined;
  readonly spentTokens: Tokens;
  readonly heldTokens: Tokens;
  readonly capTokens: Tokens | undefined;
  readonly spentCalls: Calls;
  readonly heldCalls: Calls;
  readonly capCalls: Calls | undefined;
  /**
   * When enough leaves the window for this call to fit, holds in flight unchanged; `null`: never.
   */
  readonly resetsAt: EpochMs | null;
  /** Whether the call would fit into this cap if nothing were spent or held there. */
  readonly fitsWhenEmpty: boolean;
  /** What of the cap this call may not spend, because it is not marked `wrapUp`. */
  readonly keptForWrapUp?: KeptForWrapUp | undefined;
  /** Whether it was closed for good, itself or by the one above it: its figures do not say why. */
  readonly isClosed?: boolean | undefined;
  /** What was counted, where `dimension` is `identical`, `depth` or `fanOut`. */
  readonly loop?: LoopShortfall | undefined;
}

/** The part of a cap that is kept for calls marked `wrapUp`, in the units of the cap. */
export interface KeptForWrapUp {
  readonly usd: NanoUsd | undefined;
  readonly tokens: Tokens | undefined;
  readonly calls: Calls | undefined;
}

/** What a cap refusal says; the fields of `BudgetCapError` are made of it. */
export interface CapRefusal {
  readonly code: 'BUDGET_CAP' | 'SCOPE_CLOSED';
  readonly at: EpochMs;
  readonly neededNanoUsd: NanoUsd;
  readonly neededTokens: Tokens;
  readonly model: string | undefined;
  /** The binding account: of those that are short, the one that resets last. */
  readonly binding: AccountShortfall;
  /** Every account that is short, the binding one first. */
  readonly accounts: readonly AccountShortfall[];
  /** The output ceiling that would fit every account now, or `undefined` if none would. */
  readonly affordableOutputTokens: Tokens | undefined;
  /** The same request was refused over and over within a short time. */
  readonly storm?: RefusalStorm | undefined;
  /** The answer was running, and what was refused is its next step. */
  readonly isMidAnswer?: boolean | undefined;
}

/** One account in `BudgetCapError.accounts`, in dollars, for logs and HTTP answers. */
export interface CapAccountJson {
  readonly cap_id: string;
  readonly scope: string;
  readonly window: string;
  readonly dimension: CapDimension;
  readonly spend_usd: number;
  readonly held_usd: number;
  readonly cap_usd: number | null;
  readonly spent_tokens: number;
  readonly held_tokens: number;
  readonly cap_tokens: number | null;
  readonly spent_calls: number;
  readonly held_calls: number;
  readonly cap_calls: number | null;
  readonly resets_at: string | null;
  readonly fits_when_empty: boolean;
  /** What of the cap only calls marked `wrapUp` may spend; `null` where nothing is kept. */
  readonly kept_for_wrap_up_usd: number | null;
  readonly kept_for_wrap_up_tokens: number | null;
  readonly kept_for_wrap_up_calls: number | null;
  /** What was counted, this call with it, for `identical`, `depth` and `fanOut`; else `null`. */
  readonly count: number | null;
  /** The cap on it; `null` where `count` is. */
  readonly cap_count: number | null;
}

/**
 * A call that does not fit under a cap: it was refused before it left, and nothing is held for it.
 * With `expect: { stream: 'steps' }` also an answer that was stopped because its next step did not.
 *
 * Money fields are dollars for people to read; the exact integers are in the guard's events.
 */
export class BudgetCapError extends RefusalError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.budget-cap');

  /** The binding scope: `'global'` or `'<dimension>:<value>'`. */
  declare readonly scope: string;
  /** Dollars settled on the binding account in its window. */
  declare readonly spend_usd: number;
  /** Dollars held on the binding account by calls in flight. */
  declare readonly held_usd: number;
  /** The binding cap in dollars; `null` when the cap counts tokens or calls only. */
  declare readonly cap_usd: number | null;
  /** The most this attempt can cost, in dollars. */
  declare readonly needed_usd: number;
  /** The binding cap's window. */
  declare readonly window: string;
  /** What the binding cap is short of. */
  declare readonly dimension: CapDimension;
  /**
   * What the refusal is part of. `retry-storm`: the same request was attempted more often than a
   * cap on `identical` allows, or refused over and over. `tool-loop`: the conversation repeats one
   * tool step with one result. `null`: neither is known.
   */
  declare readonly pattern: LoopPattern | null;
  /** How often the request or the tool step has come, this time with it; `null` without pattern. */
  declare readonly repeats: number | null;
  /** Whole seconds until the binding account's window makes room; `null` when it never resets. */
  declare readonly retry_after: number | null;
  /** The same instant, ISO 8601 in UTC. */
  declare readonly resets_at: string | null;
  /** The largest output ceiling with which this call would fit now; `null` when none would. */
  declare readonly affordable_output_tokens: number | null;
  /** Every account that is short, the binding one first. */
  declare readonly accounts: readonly CapAccountJson[];

  constructor(refusal: CapRefusal, options?: ErrorOptions) {
    super(refusal.code, capMessage(refusal), options);
    describeCap(this, refusal);
  }

  override toJSON(): Record<string, unknown> {
    return capJson(this);
  }
}

/**
 * Gives an error made by an SDK's own factory the fields, name and marks of `BudgetCapError`.
 *
 * After it `error instanceof BudgetCapError` holds, and so does `instanceof` the SDK's own class,
 * so the helpers of the SDK pass it on unwrapped.
 */
export function describeCap(error: Error, refusal: CapRefusal): void {
  const { binding, at } = refusal;
  markError(error, RefusalError.marker, { name: 'BudgetCapError', code: refusal.code });
  const resetsAt = binding.resetsAt;
  const fields: Partial<BudgetCapError> & Record<symbol, unknown> = {
    scope: binding.scope,
    spend_usd: usdOf(binding.spentNanoUsd),
    held_usd: usdOf(binding.heldNanoUsd),
    cap_usd: binding.capNanoUsd === undefined ? null : usdOf(binding.capNanoUsd),
    needed_usd: usdOf(refusal.neededNanoUsd),
    window: binding.window,
    dimension: binding.dimension,
    ...patternOf(refusal),
    retry_after: resetsAt === null ? null : secondsCeil(between(at, resetsAt)),
    resets_at: resetsAt === null ? null : new Date(resetsAt).toISOString(),
    affordable_output_tokens: refusal.affordableOutputTokens ?? null,
    accounts: refusal.accounts.map(accountJson),
  };
  for (const [key, value] of Object.entries(fields)) {
    Object.defineProperty(error, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  const hidden = { configurable: true, enumerable: false, writable: true };
  Object.defineProperty(error, 'message', { ...hidden, value: capMessage(refusal) });
  Object.defineProperty(error, BudgetCapError.marker, { ...hidden, value: true });
  Object.defineProperty(error, 'toJSON', {
    ...hidden,
    value: () => capJson(error as BudgetCapError),
  });
}

/** One line: what was asked, what is left, in which scope and window, when it resets. */
export function capMessage(refusal: CapRefusal): string {
  const { binding } = refusal;
  const subject = refusal.isMidAnswer === true ? 'The next step of this call' : 'This call';
  const what = refusal.model === undefined ? subject : `${subject} to ${refusal.model}`;
  const outcome =
    refusal.isMidAnswer === true
      ? 'The answer was stopped; what may have come of it is booked.'
      : 'Nothing was sent.';
  const storm = refusal.storm === undefined ? '' : stormSentence(refusal.storm);
  return (
    `${reasonSentence(what, refusal)} ${resetSentence(binding)} ${outcome}` +
    `${affordableSentence(refusal)}${keptSentence(binding)}${storm}`
  );
}

function reasonSentence(what: string, refusal: CapRefusal): string {
  const { binding } = refusal;
  if (binding.loop !== undefined) return loopSentence(what, binding.loop, binding);
  if (binding.isClosed === true) {
    return `${what} cannot be held: ${binding.scope} was closed, itself or by the one above it.`;
  }
  const [asked, room] = shortage(refusal);
  return `${what} may cost up to ${asked}, but ${binding.scope} has ${room}.`;
}

function patternOf({ binding, storm }: CapRefusal): Pick<BudgetCapError, 'pattern' | 'repeats'> {
  const { pattern = null, counted = null } = binding.loop ?? {};
  if (pattern !== null) return { pattern, repeats: counted };
  if (storm !== undefined) return { pattern: 'retry-storm', repeats: storm.refusals };
  return { pattern: null, repeats: null };
}

function shortage({ binding, neededNanoUsd, neededTokens }: CapRefusal): [string, string] {
  const per = binding.window === 'lifetime' ? '' : ` per ${binding.window}`;
  if (binding.dimension === 'tokens') {
    const used = `${binding.spentTokens} spent and ${binding.heldTokens} held`;
    return [`${neededTokens} tokens`, `${used} of ${binding.capTokens} tokens${per}`];
  }
  if (binding.dimension === 'calls') {
    const used = `${binding.spentCalls} made and ${binding.heldCalls} in flight`;
    return [`1 call (${formatUsd(neededNanoUsd)})`, `${used} of ${binding.capCalls} calls${per}`];
  }
  const [spent, held] = [formatUsd(binding.spentNanoUsd), formatUsd(binding.heldNanoUsd)];
  const used = `${spent} spent and ${held} held`;
  const cap = formatUsd(binding.capNanoUsd ?? NANO_USD_ZERO);
  return [formatUsd(neededNanoUsd), `${used} of its ${cap} cap${per}`];
}

function resetSentence(binding: AccountShortfall): string {
  const remedy = binding.loop === undefined ? undefined : loopRemedy(binding.loop);
  if (remedy !== undefined) return remedy;
  if (binding.isClosed === true) return 'Use a budget that is open.';
  if (!binding.fitsWhenEmpty) return 'It is larger than the whole cap, so waiting cannot help.';
  if (binding.resetsAt === null) return 'This cap never resets; raise it to go on.';
  return `Room returns at ${new Date(binding.resetsAt).toISOString()}.`;
}

function affordableSentence({ affordableOutputTokens }: CapRefusal): string {
  if (affordableOutputTokens === undefined) return '';
  return ` It would fit with an output ceiling of ${affordableOutputTokens} tokens.`;
}

function keptSentence({ keptForWrapUp: kept, dimension }: AccountShortfall): string {
  const amounts: Partial<Record<CapDimension, string | undefined>> = {
    usd: kept?.usd === undefined ? undefined : formatUsd(kept.usd),
    tokens: kept?.tokens === undefined ? undefined : `${kept.tokens} tokens`,
    calls: kept?.calls === undefined ? undefined : `${kept.calls} calls`,
  };
  const amount = amounts[dimension];
  return amount === undefined ? '' : ` ${amount} of the cap is kept for calls marked wrapUp.`;
}

function accountJson(account: AccountShortfall): CapAccountJson {
  const { keptForWrapUp: kept } = account;
  return {
    cap_id: account.capId,
    scope: account.scope,
    window: account.window,
    dimension: account.dimension,
    spend_usd: usdOf(account.spentNanoUsd),
    held_usd: usdOf(account.heldNanoUsd),
    cap_usd: account.capNanoUsd === undefined ? null : usdOf(account.capNanoUsd),
    spent_tokens: account.spentTokens,
    held_tokens: account.heldTokens,
    cap_tokens: account.capTokens ?? null,
    spent_calls: account.spentCalls,
    held_calls: account.heldCalls,
    cap_calls: account.capCalls ?? null,
    resets_at: account.resetsAt === null ? null : new Date(account.resetsAt).toISOString(),
    fits_when_empty: account.fitsWhenEmpty,
    kept_for_wrap_up_usd: kept?.usd === undefined ? null : usdOf(kept.usd),
    kept_for_wrap_up_tokens: kept?.tokens ?? null,
    kept_for_wrap_up_calls: kept?.calls ?? null,
    count: account.loop?.counted ?? null,
    cap_count: account.loop?.cap ?? null,
  };
}

function capJson(error: BudgetCapError): Record<string, unknown> {
  return {
    ...HardcapError.prototype.toJSON.call(error),
    scope: error.scope,
    spend_usd: error.spend_usd,
    held_usd: error.held_usd,
    cap_usd: error.cap_usd,
    needed_usd: error.needed_usd,
    window: error.window,
    dimension: error.dimension,
    pattern: error.pattern,
    repeats: error.repeats,
    retry_after: error.retry_after,
    resets_at: error.resets_at,
    affordable_output_tokens: error.affordable_output_tokens,
    accounts: error.accounts,
  };
}

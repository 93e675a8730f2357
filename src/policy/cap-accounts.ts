import type { Account, Ceiling, WindowPart } from '../ledger/account.ts';
import { shifted, type EpochMs } from '../units/time.ts';
import { accountKey } from './account-key.ts';
import { calendarReader, type Span } from './calendar.ts';
import type { Cap } from './cap.ts';
import { matcher } from './match.ts';
import { rollingPart, rollingParts } from './rolling.ts';
import { GLOBAL_SCOPE, UNATTRIBUTED, type ScopeSet } from './scope.ts';
import { windowText } from './window-text.ts';
import type { Window } from './window.ts';
import { keptOf } from './wrap-up.ts';

/** How many values of one cap keep their account objects; past it all are built anew. */
export const ACCOUNTS_KEPT_MAX = 10_000;

/** The same for rolling windows, whose accounts have 61 parts each. */
export const ROLLING_ACCOUNTS_KEPT_MAX = 1000;

/** One cap's accounts: which of them a call draws on, kept while their window lasts. */
export class CapAccounts {
  readonly cap: Cap;
  /** Whether these are the accounts of what a cap does not keep for wrapping up. */
  readonly isWork: boolean;
  readonly #keptForWrapUp: Ceiling | undefined;
  readonly #window: string;
  readonly #keptMax: number;
  readonly #readSpan: (at: EpochMs) => Span | undefined;
  readonly #matches: ((value: string) => boolean) | undefined;
  readonly #kept = new Map<string, Account>();
  #span: Span | undefined;

  /** `whole`: the cap of which `cap` is what wrapping up leaves. */
  constructor(cap: Cap, whole?: Cap) {
    this.cap = cap;
    this.isWork = whole !== undefined;
    this.#keptForWrapUp = whole === undefined ? undefined : keptOf(whole);
    this.#window = windowText(cap.window);
    this.#keptMax = cap.window.kind === 'rolling' ? ROLLING_ACCOUNTS_KEPT_MAX : ACCOUNTS_KEPT_MAX;
    this.#readSpan = spanReader(cap.window);
    this.#matches = cap.match === undefined ? undefined : matcher(cap.match);
  }

  /**
   * Adds the accounts of this cap to `accounts`. `false` when the call has no value for the
   * dimension and the cap refuses such calls; a cap that only observes never does.
   *
   * With `match` all matching values share one account; a call without a value draws on the cap's
   * `unattributed` account, so that leaving the value out escapes nothing.
   */
  drawOn(scopes: ScopeSet, at: EpochMs, accounts: Account[]): boolean {
    const { scope, match, unattributed, mode } = this.cap;
    this.#moveTo(at);
    if (scope === GLOBAL_SCOPE) {
      accounts.push(this.#account(GLOBAL_SCOPE, at));
      return true;
    }
    const values = Object.hasOwn(scopes, scope) ? scopes[scope] : undefined;
    const first = values?.[0];
    if (values === undefined || first === undefined) {
      if (unattributed === 'refuse' && mode === 'enforce') return false;
      const shared = match !== undefined && this.#matches?.(UNATTRIBUTED) ? match : UNATTRIBUTED;
      accounts.push(this.#account(shared, at));
    } else if (match !== undefined) {
      if (values.some((value) => this.#matches?.(value))) accounts.push(this.#account(match, at));
    } else if (values.length === 1) {
      accounts.push(this.#account(first, at));
    } else {
      for (const value of inOrder(values)) accounts.push(this.#account(value, at));
    }
    return true;
  }

  /** Forgets the accounts of another window. */
  #moveTo(at: EpochMs): void {
    const span = this.#readSpan(at);
    if (span === this.#span) return;
    this.#kept.clear();
    this.#span = span;
  }

  #account(value: string, at: EpochMs): Account {
    const kept = this.#kept.get(value);
    if (kept !== undefined) return kept;
    const account = this.#build(value, at);
    if (this.#kept.size >= this.#keptMax) this.#kept.clear();
    this.#kept.set(value, account);
    return account;
  }

  #build(value: string, at: EpochMs): Account {
    const { id, scope, ceiling, mode, window, thresholds } = this.cap;
    const parts = partsOf(window, this.#span, at).map(({ start, leavesAt }): WindowPart =>
      Object.freeze({ key: accountKey(id, value, start), leavesAt }),
    );
    return Object.freeze({
      capId: id,
      scope: scope === GLOBAL_SCOPE ? GLOBAL_SCOPE : `${scope}:${value}`,
      window: this.#window,
      ceiling,
      mode,
      parts: Object.freeze(parts),
      thresholds,
      ...(this.#keptForWrapUp === undefined ? {} : { keptForWrapUp: this.#keptForWrapUp }),
    });
  }
}

/** The stretch of time in which a cap's accounts stay the same; `undefined` for a lifetime. */
function spanReader(window: Window): (at: EpochMs) => Span | undefined {
  switch (window.kind) {
    case 'calendar':
      return calendarReader(window.unit, window.timeZone);
    case 'lifetime':
      return () => undefined;
    case 'rolling': {
      let part: Span | undefined;
      return (at) => {
        if (part !== undefined && at >= part.start && at < part.end) return part;
        part = rollingPart(window.duration, at);
        return part;
      };
    }
  }
}

function partsOf(
  window: Window,
  span: Span | undefined,
  at: EpochMs,
): readonly { readonly start: EpochMs; readonly leavesAt: EpochMs | null }[] {
  if (span === undefined) return [{ start: shifted(at, 0 - at), leavesAt: null }];
  if (window.kind === 'rolling') return rollingParts(window.duration, span.start);
  return [{ start: span.start, leavesAt: span.end }];
}

/** Each value once, in code-unit order. */
function inOrder(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}

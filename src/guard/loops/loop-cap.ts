import { invariant } from '../../errors/error.ts';
import type { LoopShortfall } from '../../errors/loop-shortfall.ts';
import type { Account } from '../../ledger/account.ts';
import type { Cap, LoopCeiling } from '../../policy/cap.ts';
import { matcher } from '../../policy/match.ts';
import type { EpochMs } from '../../units/time.ts';
import type { Quote } from '../call.ts';
import { Children } from './children.ts';
import type { LoopSubject } from './loop-subject.ts';
import { RecentCount } from './recent-count.ts';
import { RecentMap } from './recent-map.ts';

/** How many requests one cap remembers over all its accounts; the oldest is forgotten first. */
export const FINGERPRINTS_KEPT_MAX = 10_000;

/** One cap that a call goes past. */
export interface LoopFinding {
  readonly account: Account;
  readonly loop: LoopShortfall;
  /** When it will not any more, if nothing else is counted; `null`: never. */
  readonly resetsAt: EpochMs | null;
  /** Whether the call would pass if nothing had been counted. */
  readonly fitsWhenEmpty: boolean;
}

/** One cap's counts. Which accounts a call draws on, and until when it counts, the quote says. */
export class LoopCap {
  readonly #cap: Cap;
  readonly #ceiling: LoopCeiling;
  readonly #isMeant: (value: string) => boolean;
  readonly #attempts = new RecentMap<RecentCount>(FINGERPRINTS_KEPT_MAX);
  readonly #children = new Children();

  constructor(cap: Cap, ceiling: LoopCeiling) {
    this.#cap = cap;
    this.#ceiling = ceiling;
    this.#isMeant = cap.match === undefined ? () => true : matcher(cap.match);
  }

  /** What of this cap the call goes past; empty when it passes. Counts nothing. */
  findings(subject: LoopSubject, quote: Quote, at: EpochMs): readonly LoopFinding[] {
    const accounts = this.#accounts(quote);
    // The call does not draw on this cap.
    if (accounts.length === 0) return [];
    const { identical, depth, fanOut } = this.#ceiling;
    const findings: LoopFinding[] = [];
    if (identical !== undefined) {
      findings.push(...this.#toolLoops(subject, { quote, accounts, cap: identical }));
      findings.push(...this.#repeated(subject, { accounts, cap: identical, at }));
    }
    if (depth !== undefined) findings.push(...this.#tooDeep({ quote, accounts, cap: depth }));
    if (fanOut !== undefined) findings.push(...this.#tooMany({ quote, accounts, cap: fanOut, at }));
    return findings;
  }

  /** Counts a call that is held. */
  count(subject: LoopSubject, quote: Quote): void {
    const accounts = this.#accounts(quote);
    const { identical, fanOut } = this.#ceiling;
    if (identical !== undefined) {
      for (const account of accounts) {
        const key = attemptKey(account, subject);
        const attempts = this.#attempts.useWithin(key, () => new RecentCount());
        attempts.add(leavesAt(account));
      }
    }
    const [first] = accounts;
    if (fanOut === undefined || first === undefined) return;
    for (const { parent, child } of this.#branches(quote)) {
      this.#children.add(parent, child, leavesAt(first));
    }
  }

  /** The same request again, counted for each scope value by itself. */
  #repeated(
    subject: LoopSubject,
    { accounts, cap, at }: { accounts: readonly Account[]; cap: number; at: EpochMs },
  ): readonly LoopFinding[] {
    return accounts.flatMap((account) => {
      const attempts = this.#attempts.get(attemptKey(account, subject));
      const before = attempts?.countAt(at) ?? 0;
      if (attempts === undefined || before < cap) return [];
      const loop = { ...counted('identical', before + 1, cap), pattern: 'retry-storm' } as const;
      return [{ account, loop, resetsAt: attempts.roomAt(cap), fitsWhenEmpty: true }];
    });
  }

  #toolLoops(subject: LoopSubject, { quote, accounts, cap }: Looked): readonly LoopFinding[] {
    const { repeats, cycleSteps } = subject.toolLoop;
    if (repeats <= cap) return [];
    const loop = {
      ...counted('identical', repeats, cap),
      pattern: 'tool-loop',
      cycleSteps,
    } as const;
    const account = this.#accountFor(this.#values(quote).at(-1), accounts);
    return [{ account, loop, resetsAt: null, fitsWhenEmpty: false }];
  }

  #tooDeep({ quote, accounts, cap }: Looked): readonly LoopFinding[] {
    const chain = this.#values(quote).filter(this.#isMeant);
    if (chain.length <= cap) return [];
    const account = this.#accountFor(chain.at(-1), accounts);
    const loop = { ...counted('depth', chain.length, cap), chain };
    return [{ account, loop, resetsAt: null, fitsWhenEmpty: false }];
  }

  /** Every parent in the chain that would get a child too many by this call. */
  #tooMany({ quote, accounts, cap, at }: Looked & { readonly at: EpochMs }): LoopFinding[] {
    return this.#branches(quote).flatMap(({ parent, child, chain }) => {
      if (this.#children.has(parent, child, at)) return [];
      const before = this.#children.countAt(parent, at);
      if (before < cap) return [];
      const account = this.#accountFor(chain.at(-2), accounts);
      const loop = { ...counted('fanOut', before + 1, cap), chain };
      return [{ account, loop, resetsAt: this.#children.roomAt(parent), fitsWhenEmpty: true }];
    });
  }

  /** Each value that has a parent, with the chain of values down to it. */
  #branches(quote: Quote): readonly Branch[] {
    const values = this.#values(quote);
    return values.flatMap((child, index) => {
      if (index === 0 || !this.#isMeant(child)) return [];
      const parent = JSON.stringify(values.slice(0, index));
      return [{ parent, child, chain: values.slice(0, index + 1) }];
    });
  }

  #values({ scopes }: Quote): readonly string[] {
    const { scope } = this.#cap;
    return (Object.hasOwn(scopes, scope) ? scopes[scope] : undefined) ?? [];
  }

  #accounts({ accounts }: Quote): readonly Account[] {
    return accounts.filter(({ capId }) => capId === this.#cap.id);
  }

  /** The account of a value, or the one that all matching values share. */
  #accountFor(value: string | undefined, accounts: readonly Account[]): Account {
    const [first] = accounts;
    invariant(first !== undefined, 'a cap that refuses a call has an account for it');
    return accounts.find(({ scope }) => scope === `${this.#cap.scope}:${value}`) ?? first;
  }
}

interface Looked {
  readonly quote: Quote;
  readonly accounts: readonly Account[];
  readonly cap: number;
}

interface Branch {
  /** The chain above the child, as one text. */
  readonly parent: string;
  readonly child: string;
  /** The parents and the child, outermost first. */
  readonly chain: readonly string[];
}

function counted(dimension: LoopShortfall['dimension'], count: number, cap: number): LoopShortfall {
  return { dimension, counted: count, cap, pattern: null, cycleSteps: 0, chain: [] };
}

function attemptKey({ scope }: Account, { fingerprint }: LoopSubject): string {
  return `${fingerprint}|${scope}`;
}

/** When what is counted now leaves the account's window. */
function leavesAt({ parts }: Account): EpochMs | null {
  return parts.at(-1)?.leavesAt ?? null;
}

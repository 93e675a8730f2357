import type { Refusal } from '../judge/exceptions.ts';
import type { PolicyName } from '../policies/policy.ts';
import type { ScheduleName } from './schedule.ts';

/** What became of one play under one policy in one order. */
export interface RunResult {
  readonly policy: PolicyName;
  readonly schedule: ScheduleName;
  readonly capNano: number;
  /** What the provider bills. */
  readonly billNano: number;
  /** The most of it in one window of the cap. */
  readonly fullestNano: number;
  readonly calls: number;
  readonly answered: number;
  readonly failed: number;
  readonly refused: number;
  readonly refusalCodes: readonly string[];
  /** Refusals of calls whose true cost would have fitted, by what explains them. */
  readonly needless: Readonly<Record<string, number>>;
  /** The first refusal that was needless, for whoever looks into it. */
  readonly firstNeedless: Refusal | null;
  readonly openHolds: number;
  /** Whether the root saw a typed error; `null` where nothing was refused. */
  readonly isTypedAtRoot: boolean | null;
  /** Whether the closing call ran; `null` where there is none. */
  readonly wrappedUp: boolean | null;
  /** Answers that were cut by a ceiling below the caller's. */
  readonly cutAnswers: number;
  /** The run was ended early: what it would have spent is more than this. */
  readonly isEndedEarly: boolean;
  /** Whether the oracle's own sum is the bill. */
  readonly agrees: boolean;
  readonly unexpected: readonly string[];
}

/** The name under which a needless refusal counts that no rule explains. */
export const UNEXPLAINED = 'unexplained';

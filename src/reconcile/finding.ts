import { TOKEN_CLASSES } from '../meter/usage.ts';
import { exceeds, factorText, type Threshold } from './ratio.ts';
import { tokensTotal, type SpendRow } from './row.ts';

/** What a difference between the books and a provider's report comes from. */
export type Finding =
  /** The same tokens are billed at so many times the price card. */
  | { readonly kind: 'multiplier'; readonly factor: string }
  /** The same tokens are billed as if they had been served so: `priority`, `long-context`. */
  | { readonly kind: 'tier-reclassified'; readonly servedAs: string; readonly factor: string }
  /** The money differs, and the report has no tokens that could say why. */
  | {
      readonly kind: 'cost-differs';
      readonly factor: string;
      /** Ways of serving that would explain it. */
      readonly wouldFit: readonly string[];
    }
  /** The report counts other tokens than the answers said; `factor` where all by the same. */
  | {
      readonly kind: 'tokens-differ';
      readonly factor: string | null;
      readonly ours: number;
      readonly theirs: number;
    }
  /** Calls that one side has and the other has not; `null`: it does not count them. */
  | {
      readonly kind: 'calls-missing';
      readonly missingIn: 'books' | 'report';
      readonly calls: number | null;
    }
  /** The provider bills a model, or something beside models, that the books have never seen. */
  | { readonly kind: 'unknown-model' }
  /** Calls are booked at their bound, so a difference on their day says nothing about prices. */
  | { readonly kind: 'unmetered'; readonly calls: number };

/** A finding in a sentence's end, with its figures. */
export function describeFinding(finding: Finding): string {
  switch (finding.kind) {
    case 'multiplier':
      return `billed at ${finding.factor} times the price card`;
    case 'tier-reclassified':
      return `billed as ${finding.servedAs}, ${finding.factor} times the price card`;
    case 'cost-differs': {
      const fits =
        finding.wouldFit.length === 0 ? '' : `, as ${finding.wouldFit.join(' or ')} would`;
      return `costs ${finding.factor} times what is booked${fits}; no token counts say why`;
    }
    case 'tokens-differ': {
      const by = finding.factor === null ? '' : `, ${finding.factor} times in every class`;
      return `${finding.theirs} tokens reported and ${finding.ours} booked${by}`;
    }
    case 'calls-missing': {
      const { calls, missingIn } = finding;
      return `${calls ?? 'an unknown number of'} calls missing in the ${missingIn}`;
    }
    case 'unknown-model':
      return 'billed, and never seen by the books';
    case 'unmetered':
      return `${finding.calls} calls are booked at their bound, so prices cannot be compared`;
  }
}

/** Whether it says that the price is another, and not the counts. */
export function isOfPrice({ kind }: Finding): boolean {
  return kind === 'multiplier' || kind === 'tier-reclassified';
}

/** Both sides of one model and day; at least one is there. */
export interface Sides {
  readonly ours: SpendRow | undefined;
  readonly theirs: SpendRow | undefined;
  /** Whether the books know the model on any day. */
  readonly isKnownModel: boolean;
  readonly threshold: Threshold;
}

/** What the two sides of one model and day tell, from the surest to the least sure. */
export function findingsOf({ ours, theirs, isKnownModel, threshold }: Sides): readonly Finding[] {
  if (ours === undefined) {
    const calls = theirs?.calls ?? null;
    if (!isKnownModel) return [{ kind: 'unknown-model' }];
    return [{ kind: 'calls-missing', missingIn: 'books', calls }];
  }
  if (theirs === undefined) {
    return [{ kind: 'calls-missing', missingIn: 'report', calls: ours.calls ?? null }];
  }
  const counted = callsFinding(ours, theirs);
  const tokens = tokensFinding(ours, theirs, threshold);
  const pair = { ours, theirs, threshold };
  const differs = tokens !== undefined || isMoneyOff(pair);
  if ((ours.unmetered ?? 0) > 0) {
    return differs ? [...counted, { kind: 'unmetered', calls: ours.unmetered ?? 0 }] : counted;
  }
  const price = counted.length > 0 ? [] : priceFinding(pair, tokens);
  return [...counted, ...(tokens === undefined ? [] : [tokens]), ...price];
}

interface Pair {
  readonly ours: SpendRow;
  readonly theirs: SpendRow;
  readonly threshold: Threshold;
}

function callsFinding(ours: SpendRow, theirs: SpendRow): readonly Finding[] {
  if (ours.calls === undefined || theirs.calls === undefined) return [];
  const calls = Math.abs(theirs.calls - ours.calls);
  const missingIn = theirs.calls > ours.calls ? 'books' : 'report';
  return calls === 0 ? [] : [{ kind: 'calls-missing', missingIn, calls }];
}

type TokensFinding = Extract<Finding, { readonly kind: 'tokens-differ' }>;

/** Class by class, since a token that moves to a dearer class costs more and adds none. */
function tokensFinding(
  { tokens: ours, calls }: SpendRow,
  { tokens: theirs }: SpendRow,
  threshold: Threshold,
): TokensFinding | undefined {
  if (ours === undefined || theirs === undefined) return undefined;
  const [own, other] = [tokensTotal(ours), tokensTotal(theirs)];
  const isOff = TOKEN_CLASSES.some((name) => {
    const difference = BigInt(theirs[name] ?? 0) - BigInt(ours[name] ?? 0);
    return exceeds(difference, { of: BigInt(own), threshold });
  });
  if (!isOff) return undefined;
  const factors = new Set(
    TOKEN_CLASSES.flatMap((name) => {
      const [part, whole] = [BigInt(theirs[name] ?? 0), BigInt(ours[name] ?? 0)];
      if (part === 0n && whole === 0n) return [];
      // A provider that divides rounds every call's figure down once, by less than the factor.
      const slack = whole === 0n ? 0n : BigInt(calls ?? 1) * (part / whole + 1n);
      return [whole === 0n ? 'infinite' : factorText(part, whole, slack)];
    }),
  );
  const [factor = null] = factors.size === 1 ? factors : [];
  return { kind: 'tokens-differ', factor, ours: own, theirs: other };
}

/** The most by which rounding moves the money: a nano-dollar a call on each side, times `k`. */
function slackOf({ ours, theirs }: Pair, factor: bigint): bigint {
  return BigInt(ours.calls ?? 1) * (factor + 2n) + BigInt(theirs.roundedBy ?? 0);
}

function isMoneyOff(pair: Pair): boolean {
  const { ours, theirs, threshold } = pair;
  if (ours.nanoUsd === undefined || theirs.nanoUsd === undefined) return false;
  const of = BigInt(ours.nanoUsd);
  const difference = BigInt(theirs.nanoUsd) - of;
  return exceeds(difference, { of, threshold, slack: slackOf(pair, 1n) });
}

function priceFinding(pair: Pair, tokens: TokensFinding | undefined): readonly Finding[] {
  const { ours, theirs } = pair;
  if (!isMoneyOff(pair) || ours.nanoUsd === undefined || theirs.nanoUsd === undefined) return [];
  const [own, billed] = [BigInt(ours.nanoUsd), BigInt(theirs.nanoUsd)];
  if (own === 0n) return [{ kind: 'cost-differs', factor: 'infinite', wouldFit: [] }];
  if (tokens !== undefined) return residualFinding(pair, tokens);
  const factor = factorText(billed, own, slackOf(pair, billed / own + 1n));
  const fitting = servedAsFitting(pair);
  const [nearest] = fitting;
  if (ours.tokens === undefined || theirs.tokens === undefined) {
    return [{ kind: 'cost-differs', factor, wouldFit: fitting }];
  }
  return nearest === undefined
    ? [{ kind: 'multiplier', factor }]
    : [{ kind: 'tier-reclassified', servedAs: nearest, factor }];
}

/** What is left of the money once the other token counts are taken at the same price. */
function residualFinding(
  { ours, theirs, threshold }: Pair,
  { factor, ours: own, theirs: other }: TokensFinding,
): readonly Finding[] {
  if (factor === null || own === 0 || other === 0) return [];
  const expected = (BigInt(ours.nanoUsd ?? 0) * BigInt(other)) / BigInt(own);
  const billed = BigInt(theirs.nanoUsd ?? 0);
  if (expected === 0n) return [];
  // Every call's figures were rounded down before they were priced: by less than a token a class,
  // of any of which a token costs at most ten times the average.
  const slack = (expected * BigInt(ours.calls ?? 1) * 10n) / BigInt(own) + 1n;
  if (!exceeds(billed - expected, { of: expected, threshold, slack })) return [];
  return [{ kind: 'multiplier', factor: factorText(billed, expected, slack) }];
}

/** The other ways of serving whose price is what was billed, the nearest first. */
export function servedAsFitting(pair: Pair): readonly string[] {
  const { ours, theirs, threshold } = pair;
  const billed = BigInt(theirs.nanoUsd ?? 0);
  return Object.entries(ours.servedAs ?? {})
    .map(([name, price]) => ({ name, price: BigInt(price), off: billed - BigInt(price) }))
    .filter(({ price, off }) => {
      const isOther = exceeds(price - BigInt(ours.nanoUsd ?? 0), { of: price, threshold });
      return isOther && !exceeds(off, { of: price, threshold, slack: slackOf(pair, 1n) });
    })
    .toSorted((left, right) => Number(size(left.off) - size(right.off)))
    .map(({ name }) => name);
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value;
}

import type { PolicyName } from '../policies/policy.ts';
import type { PlannedCall, Play } from '../replay/play.ts';
import { PROFILES } from '../replay/prices.ts';

/** One refusal, with what the guard said of it and what the oracle knows. */
export interface Refusal {
  readonly code: string;
  readonly isNeedless: boolean;
  readonly costNano: number;
  readonly leftNano: number;
  /** What the guard wanted to hold; 0 where the refusal was no matter of money. */
  readonly neededNano: number;
  /** What stood spent and held on the guard's books. */
  readonly booksNano: number;
  /** What was truly spent or in flight. */
  readonly committedNano: number;
}

/** Why a refusal may be needless by true cost and right all the same. */
export interface ExceptionRule {
  readonly name: string;
  /** One sentence for the report. */
  readonly why: string;
  /** Whether it holds for every scenario, or only for variants that name it. */
  readonly isGeneral: boolean;
  readonly covers: (refusal: Refusal, call: PlannedCall, play: Play) => boolean;
}

/** The share by which counts of a tokenizer or a counting endpoint are raised. */
const COUNT_MARGIN = 0.02;
/** What the guard adds for a provider's own framing of a prompt (512), and for the body's fields. */
const FRAMING_TOKENS = 640;
/** What it adds for a tool that the provider runs: its definition in bytes, and the prompt for it. */
const TOOLS_TOKENS = 700;
/** The least output ceiling that the strategies are given here. */
const OUTPUT_TOKENS_MIN = 16;

/** Every rule by which a needless refusal counts as explained; the report counts each. */
export const EXCEPTION_RULES: readonly ExceptionRule[] = [
  {
    name: 'price-unknown',
    why: 'A model without a price has no bound: it is refused whatever it would have cost.',
    isGeneral: true,
    covers: ({ code }) => code === 'PRICE_UNKNOWN',
  },
  {
    name: 'scope-closed',
    why: 'The scope was closed by its parent: no money opens it.',
    isGeneral: false,
    covers: ({ code }) => code === 'SCOPE_CLOSED',
  },
  {
    name: 'history-unknown',
    why: 'The provider keeps a conversation of unknown length: refused unless the user bounds it.',
    isGeneral: false,
    covers: ({ code }) => code === 'UNBOUNDED_REQUEST',
  },
  {
    name: 'store-not-trusted',
    why:
      'The store came back as it was before: what it grants cannot be proven until it is mended, ' +
      'and what calls in flight give back cannot be granted again.',
    isGeneral: false,
    covers: ({ code, booksNano, committedNano }) =>
      code === 'STORE_UNAVAILABLE' || booksNano > committedNano,
  },
  {
    name: 'kept-for-wrap-up',
    why: 'What is left of the cap is the part that is kept for the closing call.',
    isGeneral: true,
    covers: (refusal, call, { wrapUp = 0 }) =>
      wrapUp > 0 && refusal.leftNano - wrapUp * capOf(refusal) < leastNano(call),
  },
  {
    name: 'unknown-is-spent',
    why:
      'What earlier attempts cost cannot be known (aborted, lost, or without readable usage), so ' +
      'they stand booked at their bound.',
    isGeneral: false,
    covers: (refusal, call) =>
      refusal.booksNano > refusal.committedNano && onBooks(refusal) < leastNano(call),
  },
  {
    name: 'wrong-table',
    why: 'The price table that was handed in is above the truth; only reconciliation can tell.',
    isGeneral: false,
    covers: (refusal, call) => onBooks(refusal) < leastNano(call) * call.billed.tableFactor,
  },
  {
    name: 'cache-at-dearest',
    why:
      'Whether a prompt hits the cache is known only afterwards, so it is held at the dearest ' +
      'class, a write, and settled at what it was.',
    isGeneral: true,
    covers: (refusal, call) =>
      call.usage.cacheRead + call.usage.cacheWrite > 0 && refusal.leftNano < leastNano(call),
  },
  {
    name: 'counting-margin',
    why:
      'The call fits by less than the margin of the closest count: 2 % of the prompt, the ' +
      "provider's own framing, and the least output ceiling.",
    isGeneral: true,
    covers: (refusal, call) => refusal.leftNano < leastNano(call),
  },
];

/** The first rule that explains a needless refusal; `undefined`: nothing does. */
export function explain(
  refusal: Refusal,
  call: PlannedCall,
  play: Play,
  policy: PolicyName,
): string | undefined {
  const rule = EXCEPTION_RULES.find(
    ({ name, isGeneral, covers }) =>
      (isGeneral || play.excuses.includes(name)) && covers(refusal, call, play),
  );
  if (rule !== undefined) return rule.name;
  return policy === 'hardcap' && refusal.code === 'BUDGET_CAP' ? BY_BOUND : undefined;
}

/**
 * What a guard without strategies owes nobody: a call is refused when its cheap bound does not fit,
 * whatever it would have cost.
 */
export const BY_BOUND = 'by-bound';

/** What is left by the guard's own books. */
function onBooks(refusal: Refusal): number {
  return capOf(refusal) - refusal.booksNano;
}

function capOf({ leftNano, committedNano }: Refusal): number {
  return leftNano + committedNano;
}

/**
 * The least that the strategies can hold for a call: its prompt counted with the margin and the
 * framing, priced as the dearest class that the request leaves open, and the least ceiling.
 */
export function leastNano(call: PlannedCall): number {
  const { billed, usage, outputMax } = call;
  const rates = PROFILES[billed.profile];
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  const tools = call.searchTool === 'uses' ? TOOLS_TOKENS : 0;
  const counted = prompt * (1 + COUNT_MARGIN) + FRAMING_TOKENS + tools;
  const factor = billed.doubleAbove !== undefined && counted > billed.doubleAbove ? 2 : 1;
  const output = Math.min(OUTPUT_TOKENS_MIN, outputMax ?? OUTPUT_TOKENS_MIN);
  const perPrompt = billed.writesCache ? Math.max(rates.input, rates.cacheWrite) : rates.input;
  const fees = usage.units * (billed.picoPerUnit ?? 0);
  return ((counted * perPrompt + output * rates.output) * factor + fees) / 1_000;
}

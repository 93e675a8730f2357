import { BudgetGuard, type BudgetGuardConfig, type Call } from '../src/index.ts';

/** How long the decision (bound, price, plan, reserve) takes, in microseconds. */
export interface DecisionFigure {
  readonly accounts: number;
  readonly promptBytes: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** The settlement that follows, in microseconds. */
  readonly settleP50Us: number;
}

const ACCOUNTS = [1, 4, 8] as const;
const PROMPT_BYTES = [512, 4_096, 65_536] as const;
const WARM_UP = 20_000;
const CALLS = 40_000;
const CUSTOMERS = 1_000;
const ROOM_USD = 9_000_000;

const DIMENSIONS = ['customer', 'feature', 'model', 'agent', 'session', 'team', 'region'] as const;

/** Measures every pair of account count and prompt size, each call by itself. */
export function benchDecision(): readonly DecisionFigure[] {
  return ACCOUNTS.flatMap((accounts) =>
    PROMPT_BYTES.map((promptBytes) => measure(accounts, promptBytes)),
  );
}

function measure(accounts: number, promptBytes: number): DecisionFigure {
  const guard = new BudgetGuard(configOf(accounts));
  const calls = callsOf(promptBytes);
  for (let index = 0; index < WARM_UP; index += 1) {
    guard.reserve(calls[index % calls.length]!).settle(USAGE);
  }
  const decisions = new Float64Array(CALLS);
  const settlements = new Float64Array(CALLS);
  for (let index = 0; index < CALLS; index += 1) {
    const call = calls[index % calls.length]!;
    const start = performance.now();
    const reservation = guard.reserve(call);
    const held = performance.now();
    reservation.settle(USAGE);
    settlements[index] = performance.now() - held;
    decisions[index] = held - start;
  }
  return {
    accounts,
    promptBytes,
    p50Us: percentile(decisions, 0.5),
    p99Us: percentile(decisions, 0.99),
    settleP50Us: percentile(settlements, 0.5),
  };
}

const USAGE = {
  lines: [
    {
      model: undefined,
      tokens: { input: 900, output: 120 },
      fees: {},
      serviceTier: 'standard',
      isFast: false,
      geo: undefined,
    },
  ],
} as never;

function configOf(accounts: number): BudgetGuardConfig {
  const scopes = ['global', ...DIMENSIONS].slice(0, accounts);
  return { caps: scopes.map((scope) => ({ scope, window: 'day' as const, usd: ROOM_USD })) };
}

function callsOf(promptBytes: number): readonly Call[] {
  const sentence = 'The quick brown fox jumps over the lazy dog while the band plays on. ';
  const content = sentence.repeat(Math.ceil(promptBytes / sentence.length)).slice(0, promptBytes);
  return Array.from({ length: CUSTOMERS }, (_, index) => ({
    provider: 'anthropic',
    body: {
      model: 'claude-sonnet-4-6',
      max_tokens: 1_000,
      messages: [{ role: 'user', content: `${index} ${content}`.slice(0, promptBytes) }],
    },
    scopes: {
      customer: `customer-${index}`,
      feature: `feature-${index % 20}`,
      agent: `agent-${index % 10}`,
      session: `session-${index % 100}`,
      team: `team-${index % 5}`,
      region: `region-${index % 3}`,
    },
  }));
}

function percentile(samples: Float64Array, fraction: number): number {
  const sorted = samples.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))]! * 1_000;
}

import { BudgetGuard, type BudgetGuardConfig, type Reservation } from '../src/index.ts';
import type { MeterReading } from '../src/meter/usage.ts';
import { anthropic } from '../src/providers/anthropic/provider.ts';
import type { RequestFacts } from '../src/providers/provider.ts';
import { tokens } from '../src/units/count.ts';

/** How long the decision (bound, price, plan, reserve) takes, in microseconds. */
export interface DecisionFigure {
  readonly accounts: number;
  readonly promptBytes: number;
  /** Reading the request off the wire (`JSON.parse` and the checks), before the decision. */
  readonly readP50Us: number;
  /** Median over rounds of each round's median and 99th percentile. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** The same of the quietest round: what the machine's neighbours did not take. */
  readonly p50UsQuiet: number;
  readonly p99UsQuiet: number;
  /** The settlement that follows, in microseconds. */
  readonly settleP50Us: number;
}

const ACCOUNTS = [1, 4, 8] as const;
const PROMPT_BYTES = [512, 4_096, 65_536] as const;
const WARM_UP = 10_000;
const ATTEMPTS = 20_000;
const ROUNDS = 7;
const CUSTOMERS = 1_000;
const ROOM_USD = 9_000_000;

const DIMENSIONS = ['customer', 'feature', 'model', 'agent', 'session', 'team', 'region'] as const;

/** Measures every pair of account count and prompt size, each call by itself. */
export function benchDecision(): readonly DecisionFigure[] {
  const shapes = ACCOUNTS.flatMap((accounts) =>
    PROMPT_BYTES.map((promptBytes) => ({ accounts, promptBytes })),
  );
  // Rounds go over all shapes in turn, so that a loud moment of the machine meets each alike.
  const rounds = Array.from({ length: ROUNDS }, () => shapes.map((shape) => measure(shape)));
  return shapes.map((shape, index) => {
    const own = rounds.map((round) => round[index]!);
    return {
      ...shape,
      readP50Us: median(own.map(({ readP50Us }) => readP50Us)),
      p50Us: median(own.map(({ p50Us }) => p50Us)),
      p99Us: median(own.map(({ p99Us }) => p99Us)),
      p50UsQuiet: Math.min(...own.map(({ p50Us }) => p50Us)),
      p99UsQuiet: Math.min(...own.map(({ p99Us }) => p99Us)),
      settleP50Us: median(own.map(({ settleP50Us }) => settleP50Us)),
    };
  });
}

function median(figures: readonly number[]): number {
  return figures.toSorted((left, right) => left - right)[figures.length >> 1]!;
}

interface Shape {
  readonly accounts: number;
  readonly promptBytes: number;
}

function measure({ accounts, promptBytes }: Shape) {
  const guard = new BudgetGuard(configOf(accounts));
  const attempts = attemptsOf(promptBytes);
  const [reads, decisions, settlements] = [0, 1, 2].map(() => new Float64Array(ATTEMPTS));
  for (let index = -WARM_UP; index < ATTEMPTS; index += 1) {
    const { wire, scopes } = attempts[(index + WARM_UP) % attempts.length]!;
    guard.run(scopes, () => {
      const arrived = performance.now();
      const facts = anthropic.readRequest('messages', wire) as RequestFacts;
      const read = performance.now();
      const reservation = guard.admit({ provider: 'anthropic', body: facts.body, facts });
      const held = performance.now();
      (reservation as Reservation).finishAt(READING);
      const settled = performance.now();
      if (index < 0) return;
      reads![index] = read - arrived;
      decisions![index] = held - read;
      settlements![index] = settled - held;
    });
  }
  return {
    readP50Us: percentile(reads!, 0.5),
    p50Us: percentile(decisions!, 0.5),
    p99Us: percentile(decisions!, 0.99),
    settleP50Us: percentile(settlements!, 0.5),
  };
}

const READING: MeterReading = {
  kind: 'complete',
  usage: {
    lines: [
      {
        model: undefined,
        tokens: { input: tokens(900)!, output: tokens(120)! },
        fees: {},
        serviceTier: 'standard',
        isFast: false,
        geo: undefined,
      },
    ],
  },
};

function configOf(accounts: number): BudgetGuardConfig {
  const scopes = ['global', ...DIMENSIONS].slice(0, accounts);
  return { caps: scopes.map((scope) => ({ scope, window: 'day' as const, usd: ROOM_USD })) };
}

/** Requests as a client puts them on the wire, each with its own customer. */
function attemptsOf(promptBytes: number) {
  const sentence = 'The quick brown fox jumps over the lazy dog while the band plays on. ';
  const content = sentence.repeat(Math.ceil(promptBytes / sentence.length)).slice(0, promptBytes);
  return Array.from({ length: CUSTOMERS }, (_, index) => ({
    wire: JSON.stringify({
      model: 'claude-sonnet-4-6',
      max_tokens: 1_000,
      messages: [{ role: 'user', content: `${index} ${content}`.slice(0, promptBytes) }],
    }),
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

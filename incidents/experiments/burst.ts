import { Seeded } from '../replay/seeded.ts';
import { countReplayTokens, proseOf } from '../replay/text.ts';
import { checkThenRecord, fullCeilingNano, mutexFullCeiling } from './gates.ts';
import { figure, of, type Experiment } from './result.ts';
import type { Sizes } from './sizes.ts';
import {
  atRest,
  onStage,
  STRATEGIES,
  STRATEGIES_NAME,
  unlessRefused,
  type Holding,
  type Stage,
} from './stage.ts';

const CAP_NANO = 1_000_000_000;
const MODEL = 'claude-opus-4-6';
/** At $5 and $25 a million: 2,000 read and 1,600 written tokens are five cents. */
const CALL = { prompt: 2_000, ceiling: 4_000, answer: 1_600 } as const;
const CALL_NANO = 50_000_000;
const FRAMING_TOKENS = 6;
/** The least that a call can be held at: its prompt counted with 2 % on top, its whole answer. */
const LEAST_NANO = Math.ceil(CALL.prompt * 1.02) * 5_000 + CALL.answer * 25_000;
const LATENCY_MS = { least: 10, more: 30 } as const;
/**
 * A refusal later than this after the money was gone is one that waited in vain. Nothing is under
 * way by then, so only the end of the waiting time, 30 s, would have ended such a wait.
 */
const IN_VAIN_MS = 10_000;

interface BurstCell {
  readonly holding: string;
  readonly calls: number;
  readonly completed: number;
  readonly cut: number;
  readonly billedNano: number;
  readonly overNano: number;
  readonly openHolds: number;
  readonly waiters: Waiters | undefined;
}

/** What became of calls that were refused; milliseconds. */
interface Waiters {
  /** Calls that were still unanswered when what was spent left room for no further one. */
  readonly left: number;
  /** From that moment until the last of them was refused. */
  readonly lastRefusedMs: number;
  readonly waitedInVain: number;
  /** Refused while room could still come. */
  readonly refusedEarly: number;
}

/** Two hundred calls of five cents at the same time on a cap of a dollar. */
export async function burst(sizes: Sizes, seed: number): Promise<Experiment> {
  const cells: BurstCell[] = [];
  for (const holding of holdings()) cells.push(await runCell(holding, sizes.burstCalls, seed));
  return experimentOf(cells);
}

function holdings(): readonly Holding[] {
  const caps = [{ scope: 'global', window: 'lifetime', usd: CAP_NANO / 1e9 }] as const;
  return [
    checkThenRecord({ capNano: CAP_NANO, expectedNano: fullCeilingNano }),
    mutexFullCeiling({ capNano: CAP_NANO }),
    { name: 'hardcap', config: { caps } },
    {
      name: STRATEGIES_NAME,
      config: { caps, ...STRATEGIES, minOutputTokens: CALL.answer },
    },
  ];
}

async function runCell(holding: Holding, calls: number, seed: number): Promise<BurstCell> {
  const seeded = new Seeded(seed, 'burst');
  const emulator = {
    countTokens: countReplayTokens,
    reply: { outputTokens: CALL.answer },
    fault: () =>
      ({ kind: 'delay', latencyMs: LATENCY_MS.least + seeded.below(LATENCY_MS.more) }) as const,
  };
  return onStage(holding, emulator, async (stage) => {
    const watch = holding.config === undefined ? undefined : watchWaiters(stage);
    const reasons = await Promise.all(Array.from({ length: calls }, () => call(stage)));
    await atRest(stage);
    const billedNano = stage.billNano();
    return {
      holding: holding.name,
      calls,
      completed: reasons.filter((reason) => reason === 'end_turn').length,
      cut: reasons.filter((reason) => reason === 'max_tokens').length,
      billedNano,
      overNano: Math.max(0, billedNano - CAP_NANO),
      openHolds: stage.openHolds(),
      waiters: watch?.(),
    };
  });
}

async function call({ clients }: Stage): Promise<string | null> {
  const messages = [{ role: 'user' as const, content: proseOf(CALL.prompt - FRAMING_TOKENS) }];
  const body = { model: MODEL, max_tokens: CALL.ceiling, messages };
  const answer = await unlessRefused(clients.anthropic.messages.create(body));
  return answer === undefined ? 'refused' : answer.stop_reason;
}

/** Sets down when the money was gone and when each call was refused, from the guard's own events. */
function watchWaiters({ guard }: Stage): () => Waiters {
  let spent = 0;
  let goneAt: number | undefined;
  const refusedAt: number[] = [];
  guard.on('settled', ({ cost_nano_usd: cost }) => {
    spent += cost;
    if (spent + LEAST_NANO > CAP_NANO) goneAt ??= performance.now();
  });
  guard.on('refused', () => refusedAt.push(performance.now()));
  return () => {
    const gone = goneAt ?? Infinity;
    const waits = refusedAt.filter((at) => at >= gone).map((at) => at - gone);
    return {
      left: waits.length,
      lastRefusedMs: Math.round(Math.max(0, ...waits)),
      waitedInVain: waits.filter((ms) => ms > IN_VAIN_MS).length,
      refusedEarly: refusedAt.filter((at) => at < gone).length,
    };
  };
}

function experimentOf(cells: readonly BurstCell[]): Experiment {
  const own = cells.filter(({ holding }) => holding.startsWith('hardcap'));
  const best = cells.find(({ holding }) => holding === STRATEGIES_NAME);
  const waiters = best?.waiters;
  const calls = best?.calls ?? 0;
  return {
    number: 7,
    title: `${calls} calls of $0.05 at once on a cap of $1`,
    repeats: [],
    setUp:
      `${calls} calls start together. Each truly costs $${CALL_NANO / 1e9}, so ${CAP_NANO / CALL_NANO} would fit to the cent: ${MODEL}, ${figure(CALL.prompt)} tokens ` +
      `read, ${figure(CALL.answer)} written of at most ${figure(CALL.ceiling)}. No ceiling goes below ${figure(CALL.answer)}, so no answer is cut.`,
    tables: [
      {
        caption: 'What came of it',
        head: [
          'policy',
          'complete',
          'cut',
          'billed',
          'over the cap',
          'refused while room could still come',
          'waited in vain',
        ],
        rows: cells.map((cell) => [
          cell.holding,
          of(cell.completed, cell.calls),
          String(cell.cut),
          `$${figure(cell.billedNano / 1e9, 3)}`,
          `$${figure(cell.overNano / 1e9, 3)}`,
          cell.waiters === undefined ? '-' : String(cell.waiters.refusedEarly),
          cell.waiters === undefined ? '-' : String(cell.waiters.waitedInVain),
        ]),
      },
    ],
    notes: [
      'The twentieth call does not fit beside the 2 % that are added to the count of its prompt.',
      `With strategies ${waiters?.left ?? 0} calls were waiting when the nineteenth answer left room for no other; the last of them was refused ` +
        `${waiters?.lastRefusedMs ?? 0} ms later. Waiting in vain is counted from ${figure(IN_VAIN_MS)} ms on; the waiting time allowed is 30,000.`,
    ],
    musts: [
      {
        what: `burst: $0 over the cap, 0 open holds, with hardcap in either setting`,
        isShown: own.every(({ overNano, openHolds }) => overNano + openHolds === 0),
      },
      {
        what: `burst: with ['count', 'fit', 'wait'] at least 19 of the 20 that fit complete (${best?.completed ?? 0} did)`,
        isShown: (best?.completed ?? 0) >= 19,
      },
      {
        what: 'burst: nobody waits for money that cannot come, and nobody is refused while it can',
        isShown: waiters !== undefined && waiters.waitedInVain + waiters.refusedEarly === 0,
      },
    ],
    figures: { capNano: CAP_NANO, callNano: CALL_NANO, leastNano: LEAST_NANO, cells },
  };
}

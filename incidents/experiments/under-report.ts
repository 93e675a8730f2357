import { createMemoryLedger, type CapConfig } from '../../src/index.ts';
import {
  readOpenAICosts,
  readOpenAIUsage,
  reconcile,
  SpendLog,
  watchPrices,
} from '../../src/reconcile/reconcile.ts';
import { Seeded } from '../replay/seeded.ts';
import { countReplayTokens, proseOf } from '../replay/text.ts';
import { figure, mean, of, span, type Experiment, type Must, type Row } from './result.ts';
import type { Sizes } from './sizes.ts';
import { atRest, onStage, STRATEGIES, unlessRefused, type Holding, type Stage } from './stage.ts';

const FACTORS = [1, 2, 5, 10];
/** Their unit here: a millionth of a dollar. */
const UNIT_NANO = 1_000;
const CAP_UNITS = 2_000;
const CAP_CALLS = 4;
const CAP_TOKENS = 2_400;
const MODEL = 'gpt-4.1-mini';
/** At $0.4 and $1.6 a million a call costs 413 units on average, the 22 of a session 4.54 caps. */
const CALL = { prompt: [340, 460], answer: [128, 188], ceiling: 200 } as const;
const SESSION_CALLS = 22;
const FRAMING_TOKENS = 6;

/** What is done about a provider that reports less than it bills. */
interface Way {
  readonly name: string;
  readonly cap: 'usd' | 'calls' | 'tokens';
  /** The provider’s own reports are read after every so many calls. */
  readonly reportEvery?: number;
  /** Answers state what they cost, and that is trusted. */
  readonly isStated?: boolean;
}

const WAYS: readonly Way[] = [
  { name: 'a cap in dollars, by what answers report', cap: 'usd' },
  { name: '… and the provider’s reports, after every 5 calls', cap: 'usd', reportEvery: 5 },
  { name: '… and its reports, after every call', cap: 'usd', reportEvery: 1 },
  { name: '… and answers that state their cost, trusted', cap: 'usd', isStated: true },
  { name: `a cap of ${CAP_CALLS} calls`, cap: 'calls' },
  { name: `a cap of ${figure(CAP_TOKENS)} tokens`, cap: 'tokens' },
];

interface Session {
  readonly calls: number;
  readonly trueTokens: number;
  readonly billedUnits: number;
  /** The call after which the guard’s owner was told; `null`: never. */
  readonly toldAfter: number | null;
  readonly openHolds: number;
}

interface UnderReportCell {
  readonly way: Way;
  readonly factor: number;
  readonly sessions: readonly Session[];
}

/** A provider whose answers report a part of what it bills. */
export async function underReport(sizes: Sizes, seed: number): Promise<Experiment> {
  const cells: UnderReportCell[] = [];
  for (const way of WAYS) {
    for (const factor of FACTORS) {
      const sessions: Session[] = [];
      for (let index = 0; index < sizes.underReportSessions; index += 1) {
        sessions.push(await runSession(way, factor, new Seeded(seed, `session ${index}`)));
      }
      cells.push({ way, factor, sessions });
    }
  }
  return experimentOf(cells);
}

async function runSession(way: Way, factor: number, seeded: Seeded): Promise<Session> {
  const ledger = createMemoryLedger();
  const holding: Holding = {
    name: 'hardcap',
    config: { caps: [capOf(way)], ...STRATEGIES, minOutputTokens: CALL.ceiling },
    ports: { ledger },
  };
  const lengths = Array.from({ length: SESSION_CALLS }, () => ({
    prompt: between(seeded, CALL.prompt),
    answer: between(seeded, CALL.answer),
  }));
  const isStated = way.isStated === true;
  let call = 0;
  const emulator = {
    countTokens: countReplayTokens,
    reply: () => ({ outputTokens: lengths[call]?.answer ?? 0 }),
    fault: () => (factor === 1 ? undefined : ({ kind: 'under-report', factor } as const)),
    ...(isStated ? { costField: 'usage.cost' as const } : {}),
  };
  return onStage(holding, emulator, async (stage) => {
    const watch = watching(stage, way, ledger);
    let toldAfter: number | null = null;
    for (call = 0; call < SESSION_CALLS; call += 1) {
      const answered = await unlessRefused(ask(stage, lengths[call]?.prompt ?? 0));
      if (answered === undefined) break;
      if (toldAfter === null && (await watch(call + 1))) toldAfter = call + 1;
      // Told by a report, the owner ends the session; a trusted cost closes the account by itself.
      if (toldAfter !== null && !isStated) break;
    }
    await atRest(stage);
    const entries = stage.entries();
    return {
      calls: entries.length,
      trueTokens: entries.reduce(
        (total, { usage }) => total + usage.inputTokens + usage.outputTokens,
        0,
      ),
      billedUnits: stage.billNano() / UNIT_NANO,
      toldAfter,
      openHolds: stage.openHolds(),
    };
  });
}

function capOf({ cap }: Way): CapConfig {
  const global = { scope: 'global', window: 'lifetime' } as const;
  switch (cap) {
    case 'usd':
      return { ...global, usd: (CAP_UNITS * UNIT_NANO) / 1e9 };
    case 'calls':
      return { ...global, calls: CAP_CALLS };
    case 'tokens':
      return { ...global, tokens: CAP_TOKENS };
    default:
      return cap satisfies never;
  }
}

/** Asked after each call: whether the guard’s owner has been told by now. */
function watching(
  { guard, emulator }: Stage,
  { isStated, reportEvery }: Way,
  ledger: ReturnType<typeof createMemoryLedger>,
): (calls: number) => Promise<boolean> {
  if (isStated === true) {
    const { changes } = watchPrices(guard, { trustCost: ledger });
    return () => Promise.resolve(changes.length > 0);
  }
  if (reportEvery === undefined) return () => Promise.resolve(false);
  const log = new SpendLog();
  guard.on('settled', (event) => log.add(event));
  return async (calls) => {
    if (calls % reportEvery !== 0) return false;
    const page = async (path: string) => (await fetch(`${emulator.url}${path}`)).text();
    const theirs = [
      ...readOpenAIUsage(await page('/v1/organization/usage/completions?group_by=model')),
      ...readOpenAICosts(await page('/v1/organization/costs?group_by=line_item')),
    ];
    const { rows } = reconcile(log.rows(), theirs, { thresholdPercent: 1 });
    return rows.some(({ findings }) => findings.some(({ kind }) => kind === 'tokens-differ'));
  };
}

async function ask({ clients }: Stage, promptTokens: number): Promise<true> {
  const input = proseOf(promptTokens - FRAMING_TOKENS);
  await clients.openai.responses.create({ model: MODEL, input, max_output_tokens: CALL.ceiling });
  return true;
}

function between(seeded: Seeded, [least, most]: readonly [number, number]): number {
  return least + seeded.below(most - least + 1);
}

function experimentOf(cells: readonly UnderReportCell[]): Experiment {
  const sessions = cells[0]?.sessions.length ?? 0;
  return {
    number: 5,
    title: 'A provider that under-reports',
    repeats: [11],
    setUp:
      `Answers report a k-th of the tokens that are billed. ${sessions} sessions of up to ${SESSION_CALLS} calls each, cap ${figure(CAP_UNITS)} millionths of a ` +
      `dollar; an average call truly costs 413, so a whole session is 4.5 caps, as the published one was. ${MODEL} over the Responses API, with ` +
      "`onShort: ['count', 'fit', 'wait']`. Once a report tells, the session is ended.",
    tables: [
      {
        caption: 'What was truly spent',
        head: ['what holds', 'k', 'sessions over', 'billed / cap', 'calls', 'true tokens', 'told'],
        rows: cells.map(rowOf),
      },
    ],
    notes: [
      'A cap in dollars is held to what answers report. Nothing in an answer says that it lies: this is the assumption that the README states, and it breaks as it did in ' +
        'the published runs. How far depends on the session, so only the direction can be compared.',
      'A cap in calls holds whatever is reported. A cap in tokens counts reported tokens, so what is truly used is up to k times as much.',
      'A stated cost above the card’s is booked in place of it, so the account is right again before the next call.',
    ],
    musts: mustsOf(cells),
    figures: { capUnits: CAP_UNITS, cells },
  };
}

function mustsOf(cells: readonly UnderReportCell[]): readonly Must[] {
  const all = (some: readonly UnderReportCell[], holds: (session: Session) => boolean) =>
    some.length > 0 && some.every(({ sessions }) => sessions.every(holds));
  const isWithin = ({ billedUnits }: Session) => billedUnits <= CAP_UNITS;
  const honest = cells.filter(({ factor, way }) => factor === 1 && way.cap === 'usd');
  const lying = cells.filter(({ factor }) => factor > 1);
  const reported = lying.filter(({ way }) => way.reportEvery !== undefined);
  const stated = lying.filter(({ way }) => way.isStated === true);
  const byCalls = cells.filter(({ way }) => way.cap === 'calls');
  return [
    {
      what: 'under-reporting: with an honest provider (k = 1) no session is over, and nobody is told anything',
      isShown: all(honest, (session) => isWithin(session) && session.toldAfter === null),
    },
    {
      what: 'under-reporting: k = 2, 5 and 10 are each found by the first report that is read, after 1 or 5 calls',
      isShown: reported.every((cell) =>
        all([cell], ({ toldAfter }) => toldAfter === cell.way.reportEvery),
      ),
    },
    {
      what: 'under-reporting: where answers state their cost it is told at the first call, and no session is over',
      isShown: all(stated, (session) => isWithin(session) && session.toldAfter === 1),
    },
    {
      what: `under-reporting: a cap of ${CAP_CALLS} calls lets through ${CAP_CALLS}, whatever is reported`,
      isShown: all(byCalls, ({ calls }) => calls === CAP_CALLS),
    },
    {
      what: 'under-reporting: 0 open holds',
      isShown: all(cells, ({ openHolds }) => openHolds === 0),
    },
  ];
}

function rowOf({ way, factor, sessions }: UnderReportCell): Row {
  const billed = sessions.map(({ billedUnits }) => (billedUnits / CAP_UNITS) * 100);
  const told = sessions.flatMap(({ toldAfter }) => (toldAfter === null ? [] : [toldAfter]));
  const isMoney = way.cap === 'usd';
  const over = billed.filter((percent) => percent > 100).length;
  return [
    way.name,
    String(factor),
    isMoney ? of(over, sessions.length) : '-',
    isMoney ? `${figure(mean(billed))} % (${span(billed)})` : '-',
    span(sessions.map(({ calls }) => calls)),
    figure(mean(sessions.map(({ trueTokens }) => trueTokens))),
    told.length === 0 ? '-' : `after call ${span(told)}`,
  ];
}

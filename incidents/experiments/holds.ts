import { LENGTH_ROWS, lengthLoad, playLengthLoad, type LengthResult } from './length-load.ts';
import { figure, type Experiment } from './result.ts';
import type { Sizes } from './sizes.ts';

const SPREAD = 0.4;
const STREAM_PERCENT = 50;
const MEDIAN_MAX = 1.3;

interface HoldsCell extends LengthResult {
  readonly setting: string;
  readonly isExpecting: boolean;
}

/** How much more is held than is settled. */
export async function holds(sizes: Sizes, seed: number): Promise<Experiment> {
  const terms = { seed, calls: sizes.heldCalls, spread: SPREAD, streamPercent: STREAM_PERCENT };
  const load = lengthLoad(terms);
  const cells: HoldsCell[] = [];
  for (const { name, config } of LENGTH_ROWS.slice(-sizes.heldSettings)) {
    const result = await playLengthLoad(load, config);
    cells.push({ setting: name, isExpecting: config.expect !== undefined, ...result });
  }
  return experimentOf(cells, load.length);
}

function experimentOf(cells: readonly HoldsCell[], calls: number): Experiment {
  const expecting = cells.filter(({ isExpecting }) => isExpecting);
  const best = Math.min(...expecting.map(({ median }) => median));
  return {
    number: 6,
    title: 'Over-reservation',
    repeats: [10],
    setUp:
      `${figure(calls)} calls through both SDKs to four models, each with answers of its own length: log-normal with a spread of ${SPREAD}, a fifth of the asked ceiling on average; ` +
      `prompts of 200 to 4,000 tokens of prose; ${STREAM_PERCENT} of 100 are streams. Held over settled for each call, those from which the guard learns included. Each row adds to ` +
      'the one above it.',
    tables: [
      {
        caption: 'Held / settled',
        head: ['setting', 'calls', 'mean', 'median', 'billed above the hold', 'answers cut'],
        rows: cells.map((cell) => [
          cell.setting,
          String(cell.factors.length),
          figure(cell.mean, 2),
          figure(cell.median, 2),
          String(cell.above),
          String(cell.cut),
        ]),
      },
    ],
    notes: [
      'The closest setting is no default: it cuts up to one answer in twenty and leaves the prompt a learned margin of 5 %. `expect: true` alone keeps the margins of its defaults.',
      'What `expect` takes for an answer’s length is the ceiling on the wire, so it bounds the answer by cutting the few that are longer; a cut one makes it give way. The tight measure and ' +
        'the steps of a stream are estimates: what they miss would be billed above the hold.',
    ],
    musts: [
      {
        what: 'over-reservation: no bill is above its hold, 0 open holds, the books are the bill',
        isShown: cells.every((cell) => {
          return cell.above + cell.openHolds === 0 && cell.bookedNanoUsd === cell.billedNanoUsd;
        }),
      },
      {
        what: `over-reservation: the median is at most ${MEDIAN_MAX} with \`expect\` in its closest setting (${figure(best, 2)})`,
        isShown: best <= MEDIAN_MAX,
      },
    ],
    figures: { cells },
  };
}

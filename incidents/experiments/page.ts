import { markdown } from '../report/page.ts';
import { MARKS, PUBLISHED, SOURCE, type Mark } from './published.ts';
import type { Experiment, Report } from './result.ts';
import { STRATEGIES_NAME } from './stage.ts';

/** `docs/experiments.md`: what was published beside what this run gave. */
export function experimentsPage(report: Report): string {
  const { experiments, date, seed, versions, seconds } = report;
  const musts = experiments.flatMap((experiment) => experiment.musts);
  const with_ = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    [
      '# The published experiments, redone',
      '<!-- Written by `npm run experiments`. Change incidents/experiments. -->',
      `Every figure of ours here comes from one run: ${date}, seed ${seed}, ${with_.join(', ')}, ${seconds} s. Each call goes through the real SDKs, the guard and the ` +
        '[emulator](../src/emulator/emulator.ts), and what was spent is what the emulator bills. Published figures are from one table, ' +
        '[`published.ts`](../incidents/experiments/published.ts).',
      `*hardcap* is as it comes, \`onShort: 'refuse'\`. *${STRATEGIES_NAME}* has that list as \`onShort\`, \`countEndpoint: true\`, the provider's tokenizer as \`GuardPorts.tokenizer\` where ` +
        'the API has no counter, and `minOutputTokens` as each experiment says. The baselines hold, or compare, one token a byte and the whole output ceiling unless an experiment says otherwise.',
      `What was published: ${SOURCE}. Marks: ${marksText()}. Where the paper's own text could not be read, its artifact was.`,
      '## What must be shown',
      musts
        .map(({ what, isShown }) => `- ${isShown ? 'shown' : '**not shown**'}: ${what}`)
        .join('\n'),
      ...experiments.map(sectionOf),
    ].join('\n\n') + '\n'
  );
}

/** The plots of experiments 1 and 8, by the experiment's number. */
export const PLOTS: Readonly<Record<number, { readonly file: string; readonly alt: string }>> = {
  1: { file: 'experiments-race.svg', alt: 'Units billed in the race, by policy, beside the cap' },
  8: { file: 'experiments-cap-use.svg', alt: 'Use of the cap under a saturating load, by policy' },
};

function sectionOf({ number, title, repeats, setUp, tables, notes }: Experiment): string {
  const plot = PLOTS[number];
  return [
    `## ${number}. ${title}`,
    setUp,
    theirs(repeats),
    ...(plot === undefined ? [] : [`![${plot.alt}](${plot.file})`]),
    ...tables.map(({ caption, head, rows }) => `${caption}:\n\n${markdown(head, rows)}`),
    ...notes,
  ].join('\n\n');
}

function theirs(repeats: readonly number[]): string {
  const rows = PUBLISHED.filter(({ experiment }) => repeats.includes(experiment));
  if (rows.length === 0) return 'Nothing like it was published.';
  const table = markdown(
    ['published', 'result', ''],
    rows.map(({ setting, result, mark }) => [setting, result, `[${mark}]`]),
  );
  return `Theirs:\n\n${table}`;
}

function marksText(): string {
  const marks = Object.keys(MARKS) as Mark[];
  return marks.map((mark) => `[${mark}] ${MARKS[mark]}`).join('; ');
}

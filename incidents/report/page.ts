import type { Incident } from '../catalogue/incident.ts';
import { BY_BOUND, EXCEPTION_RULES } from '../judge/exceptions.ts';
import type { Fault } from '../judge/verdict.ts';
import { STRATEGIES } from '../policies/hardcap.ts';
import type { PolicyName } from '../policies/policy.ts';
import { SCHEDULES } from '../replay/schedule.ts';
import { PATTERN_TITLES } from './patterns.ts';
import { figuresOf, type PlayReport, type Report } from './results.ts';
import {
  exceptionRows,
  groups,
  OVERALL_HEAD,
  outsideOf,
  overallRow,
  overAndNeedless,
  percent,
  policiesIn,
  type Row,
} from './tables.ts';

/** `docs/incidents.md`: what happened in the world, and what each policy does about it. */
export function pageOf(
  report: Report,
  incidents: readonly Incident[],
  faults: readonly Fault[],
): string {
  const policies = policiesIn(report);
  const byId = new Map(incidents.map((incident) => [incident.id, incident]));
  return (
    [
      opening(report),
      '![Runs over the cap, needless refusals and use of what fits, by policy](incidents.svg)',
      '## All scenarios',
      OVERALL_NOTE,
      markdown(
        OVERALL_HEAD,
        policies.map((name) => overallRow(figuresOf(name, report.plays))),
      ),
      verdictOf(faults),
      '## The policies',
      POLICIES_TEXT,
      '## Needless refusals that a rule explains',
      exceptionsText(report),
      outsideText(report),
      notRunText(report),
      '## By cluster',
      'Runs over the cap / needless refusals.',
      markdown(
        ['cluster', 'plays', ...policies],
        groups(report.plays, ({ cluster }) => cluster).map(([name, plays]) => [
          name,
          String(plays.length),
          ...policies.map((policy) => overAndNeedless(policy, plays)),
        ]),
      ),
      '## By pattern',
      ...groups(report.plays, ({ pattern }) => pattern).map(([pattern, plays]) =>
        patternText(pattern, plays, { policies, byId }),
      ),
    ].join('\n\n') + '\n'
  );
}

const OVERALL_NOTE = `A run is over the cap when the provider bills more in one window than the cap; *worst* is billed over cap in the worst of them (\`>\`:
the run was ended early, so it would have been more; one scenario has a cap of a billionth of a dollar). A refusal is needless when the call's true cost would have fitted beside all
that was truly spent and in flight at that moment. *Use of the cap* is billed over the lesser of the cap and what the scenario costs with nothing
in its way; *use of what fits* is billed over what perfect foresight would let through, call by call. Both are means over runs, each at most 100 %.`;

function opening({ incidents, plays, seed, versions }: Report): string {
  const with_ = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `# Real overruns, replayed

Written by \`npm run incidents -- --docs docs\`; no figure here is typed by hand. ${incidents} overruns that somebody reported in public,
each reduced to who called what, at which size, and what went wrong. Each runs through the real SDKs, the guard and the
[emulator](../src/emulator/emulator.ts), with its fault injected, and is judged by the emulator's own bill. The scenarios are abstractions: numbers come from the
thread where it gave them and are filled in elsewhere.

Where the words of a scenario can be meant in more than one way it is played in each: ${plays.length} plays. What may overlap runs in up to ${SCHEDULES.length} orders
(${SCHEDULES.map((name) => `\`${name}\``).join(', ')}); a loop that makes one call after the other has only one. Seed ${seed}; ${with_.join(', ')}.`;
}

const POLICIES_TEXT = `Each baseline is a small honest implementation in [\`incidents/policies/baselines.ts\`](../incidents/policies/baselines.ts); it sees what the
tracker of the framework saw, so a helper that was not counted is not counted here.

- \`none\`: every call leaves.
- \`check-then-record\`: recorded spend and the expected cost are compared with the cap, the call is awaited, what it reported is recorded.
- \`post-call\`: once recorded spend has reached the cap, the next call is refused.
- \`mutex-full-ceiling\`: one token a byte and the whole output ceiling are held under a lock, and replaced by what is reported.
- \`fixed-split\`: the cap in equal shares, one for each instance that calls, each held from like that.
- \`hardcap\`: as it comes, \`onShort: 'refuse'\`.
- \`hardcap+strategies\`: ${Object.entries(STRATEGIES)
  .map(
    ([name, value]) =>
      `\`${name}: ${JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ')}\``,
  )
  .join(', ')}, with the provider's tokenizer as \`GuardPorts.tokenizer\`.`;

function verdictOf(faults: readonly Fault[]): string {
  if (faults.length === 0) {
    return 'hardcap: no run over the cap, no open hold at rest, a typed error at every root, no needless refusal without a rule that explains it.';
  }
  const lines = faults.map(
    ({ id, variant, policy, schedule, what }) =>
      `- ${id}${variant === '' ? '' : ` (${variant})`}, ${policy}, ${schedule}: ${what}`,
  );
  return `What this run found wrong:\n\n${lines.join('\n')}`;
}

function exceptionsText(report: Report): string {
  const whys = new Map([
    ...EXCEPTION_RULES.map(({ name, why }): [string, string] => [name, why]),
    [BY_BOUND, 'Without strategies a call is refused when its cheap bound does not fit.'],
    ['unexplained', 'No rule explains it: a fault.'],
  ]);
  const rows = exceptionRows(report).map(([name = '', ...counts]) => [
    `\`${name}\``,
    ...counts,
    whys.get(name) ?? '',
  ]);
  return markdown(['rule', 'hardcap', 'with strategies', 'why'], rows);
}

function outsideText(report: Report): string {
  const outside = outsideOf(report);
  if (outside.length === 0) return '';
  const rows = outside.map((play) => [
    play.id,
    play.variant,
    figure(play, 'hardcap'),
    figure(play, 'hardcap+strategies'),
    play.outside ?? '',
  ]);
  return `## Outside the promise

Played and shown, and in no other table: what hardcap takes for granted does not hold here.

${markdown(['scenario', 'play', 'hardcap', 'with strategies', 'why'], rows)}`;
}

/** The most that was billed over the cap. */
function figure({ runs, capNano }: PlayReport, policy: PolicyName): string {
  const own = runs.filter((run) => run.policy === policy);
  if (own.length === 0) return '-';
  return percent(Math.max(...own.map(({ fullestNano }) => fullestNano / capNano)));
}

function notRunText({ notRun }: Report): string {
  if (notRun.length === 0) return 'Every scenario of the catalogue is played.';
  const lines = notRun.map(({ id, reason }) => `- ${id}: ${reason}`);
  return `## Not run\n\n${lines.join('\n')}`;
}

interface PatternTerms {
  readonly policies: readonly PolicyName[];
  readonly byId: ReadonlyMap<string, Incident>;
}

function patternText(
  pattern: string,
  plays: readonly PlayReport[],
  { policies, byId }: PatternTerms,
): string {
  const ids = [...new Set(plays.map(({ id }) => id))];
  const told = ids.flatMap((id) => {
    const incident = byId.get(id);
    return incident === undefined ? [] : [toldOf(incident)];
  });
  const rows = policies.map((policy) => {
    const { runs, runsOver, needless, capUse, fittingUse } = figuresOf(policy, plays);
    const cells = [
      `${runsOver} of ${runs}`,
      String(needless),
      percent(capUse),
      percent(fittingUse),
    ];
    return [policy, ...cells];
  });
  const expected = byId.get(ids[0] ?? '')?.expected ?? '';
  const notes = [...new Set(plays.filter(({ note }) => note !== '').map(noteOf))];
  return [
    `### ${pattern}: ${PATTERN_TITLES[pattern] ?? 'without a name'}`,
    `A correct enforcer: ${expected}`,
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join('\n')]),
    markdown(['policy', 'over the cap', 'needless', 'use of the cap', 'of what fits'], rows),
    told.join('\n'),
  ].join('\n\n');
}

function noteOf({ variant, note, outside }: PlayReport): string {
  const name = variant === '' ? 'Played as' : `*${variant}*`;
  return `${name}: ${note}${outside === null ? '' : ' (outside the promise)'}.`;
}

function toldOf({ id, framework, url, year, mechanism, loss_usd: loss }: Incident): string {
  const stated = loss === null ? '' : ` Stated loss: $${loss.toLocaleString('en-US')}.`;
  return `- [${id}](${url}) (${framework}, ${year}): ${mechanism}${stated}`;
}

/** A table in Markdown. */
export function markdown(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

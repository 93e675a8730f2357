import type { RegisterFigures } from './register.ts';
import { markdownTable } from './table.ts';

/** The section on whole processes: heading, words and table. */
export function registerSection(figures: RegisterFigures): string {
  const { starts, requests, rounds, startMs, channels } = figures;
  const row = (name: string, bare: number, guarded: number, unit: string) => [
    name,
    `${bare.toFixed(unit === 'ms' ? 1 : 0)} ${unit}`,
    `${guarded.toFixed(unit === 'ms' ? 1 : 0)} ${unit}`,
    `${(guarded - bare).toFixed(unit === 'ms' ? 1 : 0)} ${unit}`,
  ];
  return `## Whole processes

\`node --import hardcap/register\` beside plain \`node\`: the whole run of an empty program (median of ${starts}), and one call after the other with a 4 kB
prompt to a provider in the same process, over kept connections (medians over ${rounds} rounds of ${requests} calls each).

${markdownTable(
  ['', 'plain', 'guarded', 'added'],
  [
    row('start and end of an empty program', startMs.bare, startMs.guarded, 'ms'),
    ...channels.map(({ channel, bareUs, guardedUs }) =>
      row(`a call by \`${channel}\``, bareUs, guardedUs, 'us'),
    ),
  ],
)}`;
}

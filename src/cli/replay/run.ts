import { EXIT, type Answer, type OptionTable, type OptionValues, type World } from '../command.ts';
import { configOf } from '../books/config.ts';
import { writeTextFile } from '../books/file.ts';
import { groundOf } from '../simulate/plan.ts';
import type { Recording } from '../simulate/recording.ts';
import { ASSUMED_DURATION } from '../simulate/sources.ts';
import { usageError } from '../usage-error.ts';
import type { ReplayAnswer } from './answer.ts';
import { describeReplay, markdownReplay } from './describe.ts';
import { readRecording } from './read-recording.ts';
import { replayed } from './replay.ts';

/** The options of `hardcap replay`. */
export const REPLAY_OPTIONS = {
  config: {
    kind: 'path',
    summary: 'Caps and prices; budget-guard.config.json where it exists, unless given',
  },
  start: {
    kind: 'instant',
    summary:
      'When the recording began: windows and prices go by it; midnight of today unless given',
  },
  markdown: { kind: 'path', summary: 'Write the answer as Markdown to this file' },
} as const satisfies OptionTable;

/** Reads what was recorded, plays it, and writes what was asked for. */
export function runReplay(
  options: OptionValues<typeof REPLAY_OPTIONS>,
  source: string,
  world: World,
): Answer<ReplayAnswer> {
  const { config, start, markdown } = options;
  const recording = readRecording(source, world.cwd);
  const { guard } = groundOf(configOf(config, world.cwd), start ?? world.clock());
  if (guard === undefined) {
    throw usageError(
      'There are no caps to try: no configuration was found, or it has none',
      'Say --config <file> with caps, such as { "global_cap_per_day_usd": 50 }',
    );
  }
  const found = replayed(recording, { ...guard, start: start ?? guard.start });
  const notes = notesOf(recording, start !== undefined);
  const answer: ReplayAnswer = { kind: 'hardcap-replay', version: 1, source, ...found, notes };
  if (markdown !== undefined) writeTextFile(markdown, world.cwd, markdownReplay(answer));
  return {
    exit: answer.refused_calls === 0 ? EXIT.ok : EXIT.no,
    json: answer,
    text: (view) => describeReplay(answer, view),
  };
}

function notesOf({ answers }: Recording, isDated: boolean): readonly string[] {
  const { baseMs, perOutputTokenMs } = ASSUMED_DURATION;
  return [
    ...(answers === undefined ? [] : [`Answers were assumed to be: ${answers}.`]),
    ...(isDated
      ? []
      : ['A recording has no date: it is taken to begin at midnight, unless --start says when.']),
    `Calls are taken to last ${baseMs} ms and ${perOutputTokenMs} ms for each token of their ` +
      'answer, and no two to be identical. A call that would have waited for room counts as ' +
      'refused, and those after it are made all the same.',
  ];
}

import { defineCommand } from '../command.ts';
import { REPLAY_OPTIONS, runReplay } from './run.ts';

/** `hardcap replay`. */
export const replay = defineCommand({
  name: 'replay',
  summary: 'Plays recorded calls through the caps, and says which would have been refused and when',
  about: [
    'Every call of a recording (hardcap simulate --record) is held, lasts and settles under the ' +
      'guard of the configuration, in its own order and at its own instant, in simulated time. ' +
      'Nothing is called, and no ledger is opened.',
    'Beside what was billed stands what would have been under the caps: by customer, feature and ' +
      'model, and how full each cap became.',
  ],
  args: [{ name: 'recording', summary: 'What hardcap simulate --record wrote', isPath: true }],
  options: REPLAY_OPTIONS,
  examples: [
    { line: 'hardcap replay seen.json', does: 'tries the caps of budget-guard.config.json' },
    {
      line: 'hardcap replay seen.json --start 2026-11-21T09:00:00Z --markdown replay.md',
      does: 'in the windows of that day, and writes the answer down',
    },
  ],
  no: 'at least one call would have been refused; caps in mode observe refuse none',
  run: async ({ options, args: { recording = '' } }, world) => runReplay(options, recording, world),
});

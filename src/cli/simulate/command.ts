import { defineCommand } from '../command.ts';
import { SIMULATE_OPTIONS } from './options.ts';
import { runSimulate } from './simulate.ts';

/** `hardcap simulate`. */
export const simulate = defineCommand({
  name: 'simulate',
  summary: 'Forecasts what calls cost and which caps bind, without touching a provider',
  about: [
    'Runs a command with every provider emulated on loopback (hardcap simulate -- npm test), or ' +
      'reads a scenario or a recording from a file. Keys are taken from the command, and ' +
      'connections to providers are stopped.',
    'Then days of that traffic are drawn, priced, and played through the guard of the ' +
      'configuration in simulated time.',
    'One argument that ends in .json is a file; everything else is a command.',
  ],
  args: [
    {
      name: 'command',
      summary: 'A program and its arguments behind --, or the file of a scenario or recording',
      isOptional: true,
      isMany: true,
    },
  ],
  options: SIMULATE_OPTIONS,
  examples: [
    { line: 'hardcap simulate -- npm test', does: 'what the calls of a test run would cost' },
    {
      line: 'hardcap simulate traffic.json --calls-per-day 20000 --customers 500',
      does: 'a day of traffic that somebody wrote down',
    },
    {
      line: 'hardcap simulate --baseline cost-baseline.json --max-increase 10% -- npm test',
      does: 'for CI: fails where a change makes calls dearer',
    },
    {
      line: 'hardcap simulate --write-baseline cost-baseline.json -- npm test',
      does: 'agrees to what they cost now',
    },
  ],
  no:
    'a cost rose by more than --max-increase, the command failed or tried to reach a provider, ' +
    'or with --fail-on-cap a cap would bind',
  run: (input, world) => runSimulate(input.options, input.rest, world),
});

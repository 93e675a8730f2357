import type { OptionTable, OptionValues } from '../command.ts';
import { usageError } from '../usage-error.ts';

/** The options of `hardcap simulate`. */
export const SIMULATE_OPTIONS = {
  config: {
    kind: 'path',
    summary: 'Caps and prices; budget-guard.config.json where it exists, unless given',
  },
  recording: { kind: 'path', summary: 'Simulate what --record wrote, instead of a command' },
  record: { kind: 'path', summary: 'Write what the command called to this file' },
  'answer-tokens': {
    kind: 'count',
    min: 1,
    max: 1_000_000,
    default: '250',
    summary: 'Median length of the answers that the command gets, in tokens',
  },
  'answer-sigma': {
    kind: 'text',
    value: 'number',
    default: '0.6',
    summary: 'How much their lengths scatter: the sigma of a log-normal, 0 to 3',
  },
  answers: { kind: 'path', summary: 'Lengths of answers by model and scopes, from this file' },
  attribute: {
    kind: 'texts',
    value: 'dimension=place',
    summary:
      'Where requests say a scope: customer=header:x-customer, customer=body:metadata.user_id',
  },
  for: {
    kind: 'duration',
    summary: 'End the command after so long: for one that does not end by itself, like a server',
  },
  register: {
    kind: 'flag',
    summary:
      'Load hardcap/register in the command: the caps hold for clients that nobody wrapped, too',
  },
  'calls-per-day': {
    kind: 'count',
    min: 1,
    max: 1_000_000,
    summary: 'How many calls a day has; as many as there are, unless given',
  },
  customers: {
    kind: 'count',
    min: 1,
    max: 20_000,
    summary: 'Spread the calls over so many customers that are made up',
  },
  'customer-skew': {
    kind: 'text',
    value: 'number',
    default: '1',
    summary: 'How unequal those are: the exponent of Zipf, 0 (all alike) to 4',
  },
  days: {
    kind: 'count',
    min: 1,
    max: 366,
    default: '1',
    summary: 'Days that follow each other, so that longer windows fill',
  },
  runs: {
    kind: 'count',
    min: 1,
    max: 10_000,
    default: '200',
    summary: 'How often those days are drawn',
  },
  seed: {
    kind: 'count',
    max: 4_294_967_295,
    default: '1',
    summary: 'The same seed draws the same days',
  },
  date: { kind: 'instant', summary: 'The first day, whose prices count; today unless given' },
  baseline: { kind: 'path', summary: 'Compare with this file, which --write-baseline wrote' },
  'max-increase': {
    kind: 'text',
    value: 'percent',
    default: '10%',
    summary: 'How much dearer a day, or one customer, feature or model, may become',
  },
  'write-baseline': { kind: 'path', summary: 'Write the forecast to this file, to compare with' },
  markdown: { kind: 'path', summary: 'Write the answer as Markdown to this file' },
  'fail-on-cap': { kind: 'flag', summary: 'The answer is no where any call would be refused' },
} as const satisfies OptionTable;

/** What they were given as. */
export type SimulateOptions = OptionValues<typeof SIMULATE_OPTIONS>;

const NUMBER = /^\d{1,3}(\.\d{1,6})?$/;

/** The number from 0 to `max` that an option says. Throws `COMMAND_INVALID`. */
export function readNumber(
  name: 'answer-sigma' | 'customer-skew',
  options: SimulateOptions,
  max: number,
): number {
  const said = options[name];
  if (NUMBER.test(said) && Number(said) <= max) return Number(said);
  throw usageError(
    `--${name} ${JSON.stringify(said)} is no number from 0 to ${max}`,
    `Say --${name} ${SIMULATE_OPTIONS[name].default}`,
  );
}

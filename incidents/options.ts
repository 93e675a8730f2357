import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { POLICY_NAMES, type PolicyName } from './policies/policy.ts';
import { SCHEDULES } from './replay/schedule.ts';

/** What the command was asked for. */
export interface Options {
  readonly catalogue: string;
  readonly seed: number;
  readonly json: string | undefined;
  readonly docs: string | undefined;
  /** Scenario ids or pattern codes; empty: all. */
  readonly only: readonly string[];
  readonly schedules: number;
  readonly policies: readonly PolicyName[];
  readonly workers: number;
}

/** What `--help` prints. */
export const HELP = `Replays a catalogue of budget overruns through the real SDKs, the guard and the emulator.

  npm run incidents -- [--catalogue FILE] [--seed N] [--json OUT] [--docs DIR]
                       [--only ID|PATTERN[,...]] [--schedules K] [--policies NAME[,...]]
                       [--workers N]

  --catalogue  a file of the schema of incidents/catalogue.json (default: that file)
  --seed       of latencies and starts (default 1)
  --json       where every run is written
  --docs       a folder: incidents.md and incidents.svg are written there
  --only       scenarios by id, or all of a pattern (P05)
  --schedules  1 to ${SCHEDULES.length} of ${SCHEDULES.join(', ')} (default ${SCHEDULES.length})
  --policies   of ${POLICY_NAMES.join(', ')} (default: all)
  --workers    processes (default: up to 2)

Exit code 1: hardcap overshot, left a hold open, refused needlessly without a rule that explains it,
or a run is no evidence. Exit code 2: a wrong argument or catalogue.`;

/** A wrong argument. */
export class UsageError extends Error {}

const CATALOGUE = new URL('catalogue.json', import.meta.url).pathname;
const WORKERS_USUAL = 2;

/** Reads the command line; `undefined`: help is asked for. Throws `UsageError`. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parsed(args);
  if (values.help === true) return undefined;
  return {
    catalogue: values.catalogue ?? CATALOGUE,
    seed: whole('seed', values.seed ?? '1', { min: 0, max: 2 ** 32 - 1 }),
    json: values.json,
    docs: values.docs,
    only: listed(values.only),
    schedules: whole('schedules', values.schedules ?? String(SCHEDULES.length), {
      min: 1,
      max: SCHEDULES.length,
    }),
    policies: values.policies === undefined ? POLICY_NAMES : policiesIn(values.policies),
    workers: whole(
      'workers',
      values.workers ?? String(Math.min(WORKERS_USUAL, availableParallelism())),
      { min: 1, max: 64 },
    ),
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        catalogue: text,
        seed: text,
        json: text,
        docs: text,
        only: text,
        schedules: text,
        policies: text,
        workers: text,
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function policiesIn(value: string): readonly PolicyName[] {
  const names = listed(value);
  for (const name of names) {
    if (!POLICY_NAMES.some((known) => known === name)) {
      throw new UsageError(`--policies: ${name} is none of ${POLICY_NAMES.join(', ')}`);
    }
  }
  return POLICY_NAMES.filter((name) => names.includes(name));
}

function listed(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(',').filter((part) => part !== '');
}

function whole(
  name: string,
  value: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  throw new UsageError(`--${name}: must be a whole number from ${min} to ${max}, not ${value}`);
}

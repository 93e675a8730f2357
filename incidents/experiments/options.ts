import { parseArgs } from 'node:util';
import { UsageError } from '../options.ts';

/** What the command was asked for. */
export interface ExperimentOptions {
  readonly seed: number;
  readonly json: string | undefined;
  /** Where the page and its plots go; `undefined`: they are not written. */
  readonly docs: string | undefined;
  /** Numbers of experiments; empty: all. */
  readonly only: readonly number[];
}

/** What `--help` prints. */
export const HELP = `Redoes the published experiments through the real SDKs, the guard and the emulator.

  npm run experiments -- [--seed N] [--json OUT] [--docs DIR] [--only N[,...]]

  --seed   of lengths, latencies and prompts (default 1)
  --json   where every figure is written
  --docs   where experiments.md and its plots go (default docs; with --only: nowhere)
  --only   experiments by number, 1 to 8

Exit code 1: something that must be shown is not. Exit code 2: a wrong argument.`;

const DOCS = new URL('../../docs/', import.meta.url).pathname;
const EXPERIMENTS = 8;

/** Reads the command line; `undefined`: help is asked for. Throws `UsageError`. */
export function readExperimentOptions(args: readonly string[]): ExperimentOptions | undefined {
  const { help, seed = '1', json, docs, only = '' } = parsed(args);
  if (help === true) return undefined;
  const numbers = only.split(',').filter((part) => part !== '');
  return {
    seed: whole('seed', seed, { min: 0, max: 2 ** 32 - 1 }),
    json,
    docs: docs ?? (numbers.length === 0 ? DOCS : undefined),
    only: numbers.map((part) => whole('only', part, { min: 1, max: EXPERIMENTS })),
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    seed: text,
    json: text,
    docs: text,
    only: text,
    help: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
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

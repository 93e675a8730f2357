import type { EgressOutcome } from '../../register/report.ts';
import { usageError } from '../usage-error.ts';
import { recordOf } from './project.ts';

/** Outcomes that an audit asks about, by the words of `hardcap/register`. */
export const OUTCOME = {
  held: 'held',
  guardedAbove: 'already guarded',
  unknownRoute: 'unknown route',
  elsewhere: 'not a provider host',
} as const satisfies Readonly<Record<string, EgressOutcome>>;

/** One way by which requests left, or did not, while the program ran. */
export interface EgressRow {
  /** The file as it was named on the command line. */
  readonly path: string;
  readonly host: string;
  readonly route: string;
  readonly outcome: string;
  readonly count: number;
}

/** What the file that `HARDCAP_REPORT` names says; throws `COMMAND_INVALID` where it is none. */
export function readRegisterReport(path: string, text: string): readonly EgressRow[] {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    throw usageError(`--report ${path} is not JSON`, REPORT_REMEDY);
  }
  const { egress } = recordOf(input);
  if (!Array.isArray(egress)) throw usageError(`--report ${path} has no egress`, REPORT_REMEDY);
  return egress.map((row, index) => rowOf(path, row, index));
}

const REPORT_REMEDY =
  'Name the file that a run with HARDCAP_REPORT=<file> and --import hardcap/register wrote';

function rowOf(path: string, row: unknown, index: number): EgressRow {
  const { host, route, outcome, count } = recordOf(row);
  const isRow =
    typeof host === 'string' &&
    typeof route === 'string' &&
    typeof outcome === 'string' &&
    Number.isSafeInteger(count);
  if (!isRow) throw usageError(`--report ${path}: row ${index} is none`, REPORT_REMEDY);
  return { path, host, route, outcome, count: Number(count) };
}

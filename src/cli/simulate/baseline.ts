import { choice, list, object, text, whole, type Field } from '../../policy/fields.ts';
import { usageError } from '../usage-error.ts';
import { numberField } from './distribution.ts';
import type { Forecast } from './forecast.ts';
import { saidDimensions } from './groups.ts';
import { DIMENSIONS, type Dimension } from './traffic.ts';

/** What a forecast was asked for: two are compared only where all of it is the same. */
export interface BaselineTerms {
  readonly seed: number;
  readonly days: number;
  readonly runs: number;
  /** `null`: as many as there are. */
  readonly calls_per_day: number | null;
  readonly customers: number | null;
  readonly customer_skew: number;
}

/** The mean cost of one group in a day. */
export interface BaselineGroup {
  readonly dimension: Dimension;
  readonly value: string;
  readonly calls_per_day: number;
  readonly mean_nano_usd: number;
}

/** What calls cost when somebody last agreed to it: a file that is committed. */
export interface Baseline {
  readonly terms: BaselineTerms;
  readonly calls_per_day: number;
  readonly mean_nano_usd: number;
  readonly groups: readonly BaselineGroup[];
}

/** Groups of one dimension that are written by their names; the cheapest become one. */
export const BASELINE_GROUPS_MAX = 200;

/** The name under which the cheapest groups stand together. */
export const OTHERS = '(others)';

/** What a forecast is kept as. */
export function baselineOf(forecast: Forecast, terms: BaselineTerms): Baseline {
  return {
    terms,
    calls_per_day: rounded(forecast.calls_per_day),
    mean_nano_usd: forecast.cost.mean_nano_usd,
    groups: saidDimensions(forecast).flatMap((dimension) => groupsOf(forecast, dimension)),
  };
}

/** The same as the text of its file: one group a line, so that its own changes are readable. */
export function baselineText({ groups, ...rest }: Baseline): string {
  const head = JSON.stringify({ kind: KIND, version: 1, ...rest }, null, 2).slice(0, -2);
  const lines = groups.map((group) => `    ${JSON.stringify(group)}`);
  return `${head},\n  "groups": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

const KIND = 'hardcap-cost-baseline';
const amount = numberField({ min: 0, max: Number.MAX_SAFE_INTEGER });
const orNull = (field: Field<number>): Field<number | null> => ({
  schema: { anyOf: [field.schema, { type: 'null' }] },
  read: (value, path) => (value === null ? null : field.read(value, path)),
});
const count = whole({ min: 0 });

const file = object(
  {
    kind: choice([KIND]),
    version: whole({ min: 1, max: 1 }),
    terms: object(
      {
        seed: count,
        days: count,
        runs: count,
        calls_per_day: orNull(count),
        customers: orNull(count),
        customer_skew: amount,
      },
      { required: ['seed', 'days', 'runs', 'calls_per_day', 'customers', 'customer_skew'] },
    ),
    calls_per_day: amount,
    mean_nano_usd: amount,
    groups: list(
      object(
        {
          dimension: choice(DIMENSIONS),
          value: text({ what: 'a text of 1 to 256 characters' }),
          calls_per_day: amount,
          mean_nano_usd: amount,
        },
        { required: ['dimension', 'value', 'calls_per_day', 'mean_nano_usd'] },
      ),
    ),
  },
  { required: ['kind', 'version', 'terms', 'calls_per_day', 'mean_nano_usd', 'groups'] },
);

/** Reads what `baselineText` wrote. */
export const baselineField: Field<Baseline> = {
  schema: file.schema,
  read: (value, path) => file.read(value, path),
};

/** Refuses to compare what was asked for differently. Throws `COMMAND_INVALID`. */
export function checkSameTerms(before: BaselineTerms, now: BaselineTerms): void {
  for (const [name, option] of TERM_OPTIONS) {
    if (before[name] === now[name]) continue;
    throw usageError(
      `The baseline was written with ${said(option, before[name])}, and this forecast has ` +
        said(option, now[name]),
      'Say the same as then, or write the baseline anew with --write-baseline',
    );
  }
}

const TERM_OPTIONS: readonly (readonly [keyof BaselineTerms, string])[] = [
  ['calls_per_day', '--calls-per-day'],
  ['customers', '--customers'],
  ['customer_skew', '--customer-skew'],
  ['days', '--days'],
  ['seed', '--seed'],
  ['runs', '--runs'],
];

function said(option: string, value: number | null): string {
  return value === null ? `no ${option}` : `${option} ${value}`;
}

function groupsOf({ groups }: Forecast, dimension: Dimension): readonly BaselineGroup[] {
  const all = groups
    .filter((group) => group.dimension === dimension)
    .map(({ value, calls_per_day: calls, cost }) => ({
      dimension,
      value,
      calls_per_day: rounded(calls),
      mean_nano_usd: cost.mean_nano_usd,
    }));
  if (all.length <= BASELINE_GROUPS_MAX) return all.toSorted(byValue);
  const rest = all.slice(BASELINE_GROUPS_MAX);
  const others = {
    dimension,
    value: OTHERS,
    calls_per_day: rounded(rest.reduce((sum, group) => sum + group.calls_per_day, 0)),
    mean_nano_usd: rest.reduce((sum, group) => sum + group.mean_nano_usd, 0),
  };
  return [...all.slice(0, BASELINE_GROUPS_MAX).toSorted(byValue), others];
}

function byValue(left: BaselineGroup, right: BaselineGroup): number {
  return left.value < right.value ? -1 : Number(left.value > right.value);
}

function rounded(calls: number): number {
  return Math.round(calls * 1_000) / 1_000;
}

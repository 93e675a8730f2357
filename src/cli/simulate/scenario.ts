import {
  choice,
  fault,
  list,
  object,
  record,
  text,
  whole,
  type Field,
} from '../../policy/fields.ts';
import { DIMENSION_PATTERN } from '../../policy/scope-set.ts';
import { REQUEST_TOKENS_MAX } from '../../units/count.ts';
import { scopesField, scopeText, type CallScopes } from './call-scopes.ts';
import { distributionField, numberField, type Distribution } from './distribution.ts';

/** One value, or several by weight. */
export type Choice =
  | { readonly kind: 'one'; readonly value: string }
  | { readonly kind: 'weighted'; readonly weights: Readonly<Record<string, number>> }
  /** `<dimension>-1` to `<dimension>-<count>`, by Zipf's law. */
  | { readonly kind: 'many'; readonly count: number; readonly skew: number };

/** A kind of calls and how often they come. */
export interface TrafficRow {
  readonly model: Choice;
  readonly route: string | undefined;
  readonly scopes: Readonly<Record<string, Choice>>;
  /** Of each of the day's 24 hours. */
  readonly callsPerHour: readonly number[];
  readonly inputTokens: Distribution;
  /** How many of the input tokens are read from a cache. */
  readonly cachedTokens: Distribution | undefined;
  readonly outputTokens: Distribution;
  readonly outputMax: number | undefined;
  readonly durationMs: Distribution | undefined;
}

/** One call of a script. */
export interface ScriptCall {
  readonly model: string;
  readonly route: string | undefined;
  readonly scopes: CallScopes;
  readonly atMs: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly outputMax: number | undefined;
}

/** What somebody wrote that is going to be called: a mix of traffic, a script of calls, or both. */
export interface Scenario {
  readonly traffic: readonly TrafficRow[];
  readonly calls: readonly ScriptCall[];
}

/** Most kinds of calls, and calls of a script, in a scenario. */
export const ROWS_MAX = 10_000;

const HOURS = 24;
const PER_HOUR_MAX = 1_000_000;
const MANY_MAX = 10_000;
const SKEW_MAX = 4;
const name = text({ what: 'a text of 1 to 256 characters' });
const count = whole({ min: 0, max: REQUEST_TOKENS_MAX });
const perHour = numberField({ min: 0, max: PER_HOUR_MAX });
const hourList = list(perHour);

const weights = record(numberField({ min: 0, max: PER_HOUR_MAX }), {
  pattern: '^.{1,256}$',
  what: 'a value of 1 to 256 characters',
});
const many = object(
  { count: whole({ min: 1, max: MANY_MAX }), skew: numberField({ min: 0, max: SKEW_MAX }) },
  { required: ['count'] },
);

const choiceField: Field<Choice> = {
  schema: { anyOf: [scopeText, many, weights].map(({ schema }) => schema) },
  read(value, path) {
    if (typeof value === 'string') return { kind: 'one', value: scopeText.read(value, path) };
    const isMany = typeof value === 'object' && value !== null && 'count' in value;
    if (isMany) {
      const { count: most, skew = 1 } = many.read(value, path);
      return { kind: 'many', count: most, skew };
    }
    const read = weights.read(value, path);
    const total = Object.values(read).reduce((sum, weight) => sum + weight, 0);
    if (total > 0) return { kind: 'weighted', weights: read };
    throw fault({ field: path, value, reason: 'must have at least one value of positive weight' });
  },
};

const modelField: Field<Choice> = {
  schema: { anyOf: [scopeText, weights].map(({ schema }) => schema) },
  read(value, path) {
    const read = choiceField.read(value, path);
    if (read.kind !== 'many') return read;
    throw fault({ field: path, value, reason: 'must be a model, or models by weight' });
  },
};

const hoursField: Field<readonly number[]> = {
  schema: { anyOf: [perHour.schema, { ...hourList.schema, minItems: HOURS, maxItems: HOURS }] },
  read(value, path) {
    if (typeof value === 'number') {
      return Array.from({ length: HOURS }, () => perHour.read(value, path));
    }
    const hours = hourList.read(value, path);
    if (hours.length === HOURS) return hours;
    const reason = `must be one number, or ${HOURS}: one for each hour from midnight`;
    throw fault({ field: path, value, reason });
  },
};

const row = object(
  {
    name,
    model: modelField,
    route: name,
    scopes: record(choiceField, { pattern: DIMENSION_PATTERN, what: 'a dimension' }),
    calls_per_hour: hoursField,
    input_tokens: distributionField,
    cached_input_tokens: distributionField,
    output_tokens: distributionField,
    max_output_tokens: count,
    duration_ms: distributionField,
  },
  { required: ['model', 'calls_per_hour', 'input_tokens', 'output_tokens'] },
);

const script = object(
  {
    model: name,
    route: name,
    scopes: scopesField,
    at_ms: whole({ min: 0, max: 86_399_999 }),
    input_tokens: count,
    cached_input_tokens: count,
    output_tokens: count,
    max_output_tokens: count,
    times: whole({ min: 1, max: ROWS_MAX }),
  },
  { required: ['model', 'input_tokens', 'output_tokens'] },
);

const file = object(
  {
    $schema: text({ charsMax: 2_000, what: 'an address' }),
    kind: choice(['hardcap-scenario']),
    version: whole({ min: 1, max: 1 }),
    traffic: list(row),
    calls: list(script),
  },
  { required: ['kind', 'version'], anyOf: ['traffic', 'calls'] },
);

/** What its JSON Schema says, and how it is read. */
export const scenarioField: Field<Scenario> = {
  schema: file.schema,
  read(value, path) {
    const { traffic = [], calls = [] } = file.read(value, path);
    const read = {
      traffic: traffic.map(rowOf),
      calls: calls.flatMap(({ times = 1, ...one }) =>
        Array.from({ length: times }, () => scriptCall(one)),
      ),
    };
    const size = read.traffic.length + read.calls.length;
    if (size > 0 && size <= ROWS_MAX) return read;
    const reason = `must have 1 to ${ROWS_MAX} kinds of traffic and calls; it has ${size}`;
    throw fault({ field: path, value: size, reason });
  },
};

function rowOf(read: ReturnType<typeof row.read>): TrafficRow {
  return {
    model: read.model,
    route: read.route,
    scopes: read.scopes ?? {},
    callsPerHour: read.calls_per_hour,
    inputTokens: read.input_tokens,
    cachedTokens: read.cached_input_tokens,
    outputTokens: read.output_tokens,
    outputMax: read.max_output_tokens,
    durationMs: read.duration_ms,
  };
}

function scriptCall(read: Omit<ReturnType<typeof script.read>, 'times'>): ScriptCall {
  return {
    model: read.model,
    route: read.route,
    scopes: read.scopes ?? {},
    atMs: read.at_ms ?? 0,
    inputTokens: read.input_tokens,
    cachedTokens: read.cached_input_tokens ?? 0,
    outputTokens: read.output_tokens,
    outputMax: read.max_output_tokens,
  };
}

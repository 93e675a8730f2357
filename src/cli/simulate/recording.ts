import { choice, fault, flag, list, object, text, whole, type Field } from '../../policy/fields.ts';
import { TOKEN_CLASSES, type FeeKind, type TokenClass, type Usage } from '../../meter/usage.ts';
import type { UsageLine } from '../../meter/usage.ts';
import { tokens } from '../../units/count.ts';
import { scopesField, type CallScopes } from './call-scopes.ts';

/** One attempt that a provider billed: who made it, what it asked for, what it used. */
export interface RecordedCall {
  readonly provider: string;
  readonly route: string;
  readonly model: string;
  readonly scopes: CallScopes;
  /** Milliseconds from the first call of the recording to this one. */
  readonly atMs: number;
  /** Bytes of the request's body: what the cheap bound of its input is made of. */
  readonly bodyBytes: number;
  /** The output ceiling that it asked for, per choice; `undefined`: none. */
  readonly outputMax: number | undefined;
  readonly usage: Usage;
}

/** What a program was seen to call. */
export interface Recording {
  readonly calls: readonly RecordedCall[];
  /** How long answers were assumed to be, for people; `undefined`: as a provider gave them. */
  readonly answers: string | undefined;
}

/** Most calls of a recording. */
export const RECORDED_CALLS_MAX = 200_000;

const FEES = ['webSearch', 'fileSearch', 'codeSession', 'image'] as const satisfies FeeKind[];
const count = whole({ min: 0 });
const name = text({ what: 'a text of 1 to 256 characters' });

const line = object(
  {
    model: name,
    tokens: object(fieldsOf<TokenClass>(TOKEN_CLASSES)),
    fees: object(fieldsOf<FeeKind>(FEES)),
    service_tier: choice(['standard', 'priority', 'flex', 'batch']),
    is_fast: flag(),
    geo: name,
  },
  { required: ['tokens'] },
);

const call = object(
  {
    provider: choice(['anthropic', 'openai']),
    route: name,
    model: name,
    scopes: scopesField,
    at_ms: count,
    body_bytes: count,
    max_output_tokens: count,
    usage: list(line),
  },
  { required: ['provider', 'route', 'model', 'usage'] },
);

const file = object(
  {
    $schema: text({ charsMax: 2_000, what: 'an address' }),
    kind: choice(['hardcap-recording']),
    version: whole({ min: 1, max: 1 }),
    answers: text({ charsMax: 2_000, what: 'a text' }),
    calls: list(call),
  },
  { required: ['kind', 'version', 'calls'] },
);

/** What its JSON Schema says, and how it is read. */
export const recordingField: Field<Recording> = {
  schema: file.schema,
  read(value, path) {
    const { calls, answers } = file.read(value, path);
    if (calls.length > RECORDED_CALLS_MAX) {
      const reason = `has ${calls.length} calls, and ${RECORDED_CALLS_MAX} at most are drawn from`;
      throw fault({ field: `${path}.calls`, value: calls.length, reason });
    }
    if (calls.length === 0) {
      throw fault({ field: `${path}.calls`, value: calls, reason: 'has no call to draw from' });
    }
    return {
      answers,
      calls: calls.map(
        ({ max_output_tokens: outputMax, at_ms: atMs = 0, body_bytes: bytes, usage, ...rest }) => {
          const lines = usage.map(usageLine);
          return {
            ...rest,
            scopes: rest.scopes ?? {},
            atMs,
            bodyBytes: bytes ?? inputTokensOf(lines) * BYTES_PER_TOKEN,
            outputMax,
            usage: { lines },
          };
        },
      ),
    };
  },
};

/** Bytes that a token of prose is worth, where a file does not say how long a request is. */
export const BYTES_PER_TOKEN = 4;

/** The recording as the JSON that `recordingField` reads back. */
export function recordingJson({ calls, answers }: Recording): object {
  return {
    kind: 'hardcap-recording',
    version: 1,
    ...(answers === undefined ? {} : { answers }),
    calls: calls.map(({ atMs, bodyBytes, outputMax, usage, scopes, ...rest }) => ({
      ...rest,
      scopes,
      at_ms: atMs,
      body_bytes: bodyBytes,
      ...(outputMax === undefined ? {} : { max_output_tokens: outputMax }),
      usage: usage.lines.map(lineJson),
    })),
  };
}

function usageLine(read: ReturnType<typeof line.read>): UsageLine {
  const { model, fees = {}, service_tier: serviceTier, is_fast: isFast = false, geo } = read;
  const counts = Object.entries(read.tokens).map(([key, value]) => [key, tokens(value)] as const);
  return { model, tokens: Object.fromEntries(counts), fees, serviceTier, isFast, geo };
}

function lineJson({ model, tokens: counts, fees, serviceTier, isFast, geo }: UsageLine): object {
  return {
    ...(model === undefined ? {} : { model }),
    tokens: counts,
    ...(Object.keys(fees).length === 0 ? {} : { fees }),
    ...(serviceTier === undefined ? {} : { service_tier: serviceTier }),
    ...(isFast ? { is_fast: true } : {}),
    ...(geo === undefined ? {} : { geo }),
  };
}

function inputTokensOf(lines: readonly UsageLine[]): number {
  let total = 0;
  for (const { tokens: counts } of lines) {
    for (const [key, value] of Object.entries(counts)) if (!/output/i.test(key)) total += value;
  }
  return total;
}

function fieldsOf<N extends string>(names: readonly N[]): Readonly<Record<N, Field<number>>> {
  // Each name is given the field of the same kind.
  return Object.fromEntries(names.map((each) => [each, count])) as Record<N, Field<number>>;
}

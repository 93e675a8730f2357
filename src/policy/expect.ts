import { tokens, type Tokens } from '../units/count.ts';
import { tokensField } from './amount-fields.ts';
import { choice, fault, object, whole, type Field } from './fields.ts';

/** What an answer is expected to be, as it is written. Absent or `false`: nothing is expected. */
export interface ExpectConfig {
  /** Which share of answers is not longer than what is expected, 0.5 to below 1. Default 0.99. */
  readonly quantile?: number | undefined;
  /** What that length is multiplied with, 1 to 10. Default 1.2. */
  readonly margin?: number | undefined;
  /**
   * With `inputBound: 'tight'`: what the learned part of that measure is multiplied with, 1 to 10.
   * Default 1.1.
   */
  readonly inputMargin?: number | undefined;
  /** Answers that must be known before anything is expected, 1 to 512. Default 20. */
  readonly samplesMin?: number | undefined;
  /**
   * `ceiling` (default): streams are treated like other calls. `steps`: a stream is held for in
   * steps while it runs; then `onStreamShort` must be said.
   */
  readonly stream?: 'ceiling' | 'steps' | undefined;
  /** Output tokens of one step. Default 256. */
  readonly stepTokens?: number | undefined;
}

/** The same with every default filled in. */
export interface Expect {
  readonly quantile: number;
  readonly margin: number;
  readonly inputMargin: number;
  readonly samplesMin: number;
  readonly stream: 'ceiling' | 'steps';
  readonly stepTokens: Tokens;
}

const STREAM_SHORTS = ['stop', 'let-finish'] as const;

/** What happens to a running stream whose next step does not fit. */
export type OnStreamShort = (typeof STREAM_SHORTS)[number];

/** The longest window of answers that is kept, so the most samples that can be asked for. */
export const SAMPLES_MAX = 512;

const MARGIN_MAX = 10;
const STEP_TOKENS_MAX = 1_000_000;

/** The one place where these defaults are. */
export const EXPECT_DEFAULTS = Object.freeze({
  quantile: 0.99,
  margin: 1.2,
  inputMargin: 1.1,
  samplesMin: 20,
  stream: 'ceiling',
  stepTokens: 256,
} as const);

const quantileField: Field<number> = {
  schema: { type: 'number', minimum: 0.5, exclusiveMaximum: 1 },
  read(value, path) {
    if (typeof value === 'number' && value >= 0.5 && value < 1) return value;
    const isPercent = typeof value === 'number' && value >= 50 && value < 100;
    const nearest = isPercent ? String(value / 100) : '0.99';
    throw fault({ field: path, value, reason: 'must be from 0.5 to below 1', nearest });
  },
};

const marginField: Field<number> = {
  schema: { type: 'number', minimum: 1, maximum: MARGIN_MAX },
  read(value, path) {
    if (typeof value === 'number' && value >= 1 && value <= MARGIN_MAX) return value;
    throw fault({ field: path, value, reason: `must be from 1 to ${MARGIN_MAX}`, nearest: '1.2' });
  },
};

const stepField: Field<Tokens> = {
  schema: { type: 'integer', minimum: 1, maximum: STEP_TOKENS_MAX },
  read(value, path) {
    const read = tokensField.read(value, path);
    if (read >= 1 && read <= STEP_TOKENS_MAX) return read;
    const reason = `must be a whole number from 1 to ${STEP_TOKENS_MAX}`;
    throw fault({ field: path, value, reason, nearest: String(EXPECT_DEFAULTS.stepTokens) });
  },
};

const termsField = object({
  quantile: quantileField,
  margin: marginField,
  inputMargin: marginField,
  samplesMin: whole({ min: 1, max: SAMPLES_MAX }),
  stream: choice(['ceiling', 'steps']),
  stepTokens: stepField,
});

/** `true` for the defaults, `false` for nothing, or an object over the defaults. */
export const expectField: Field<Expect | false> = {
  schema: { anyOf: [{ type: 'boolean' }, termsField.schema] },
  read(value, path) {
    if (value === false) return false;
    const given = value === true ? {} : termsField.read(value, path);
    const { stepTokens, ...defaults } = EXPECT_DEFAULTS;
    return Object.freeze({
      ...defaults,
      ...given,
      stepTokens: given.stepTokens ?? tokensField.read(tokens(stepTokens), path),
    });
  },
};

/** Whether a stream is stopped or goes on when its next step does not fit. */
export const onStreamShortField = choice(STREAM_SHORTS);

/**
 * Streams in steps need a word on what happens when a step does not fit: neither way keeps all that
 * a hold for the whole ceiling does, so nobody gets one unasked. Throws `CONFIG_INVALID`.
 */
export function checkStreamShort({ expect, onStreamShort }: StreamChoice, path: string): void {
  if (expect === undefined || expect === false || expect.stream !== 'steps') return;
  if (onStreamShort !== undefined) return;
  const reason = 'is required beside `stream: "steps"`: what happens when a step does not fit';
  throw fault({ field: path, value: undefined, reason, nearest: '"stop"' });
}

interface StreamChoice {
  readonly expect?: Expect | false | undefined;
  readonly onStreamShort?: OnStreamShort | undefined;
}

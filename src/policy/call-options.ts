import { durationField, tokensField } from './amount-fields.ts';
import {
  checkStreamShort,
  expectField,
  onStreamShortField,
  type Expect,
  type ExpectConfig,
  type OnStreamShort,
} from './expect.ts';
import { flag, object } from './fields.ts';
import { onShortField, type OnShort, type Strategy } from './on-short.ts';
import type { DurationMs } from '../units/time.ts';
import type { Tokens } from '../units/count.ts';

/** What one call, or all calls in a `run` or through a view, ask for near a cap. */
export interface CallOptions {
  /** Instead of what the caps that are short say. */
  readonly onShort?: OnShort | undefined;
  /** The least output ceiling that `fit` may leave. */
  readonly minOutputTokens?: number | undefined;
  /** Milliseconds that `wait` may take at most. */
  readonly waitMsMax?: number | undefined;
  /** Whether the call may spend what caps keep for wrapping up. */
  readonly wrapUp?: boolean | undefined;
  /** Whether `fit` may lower the ceiling of a request whose cut output is of no use. */
  readonly fitStructured?: boolean | undefined;
  /** What is expected of the answer, all of it instead of the configuration's; `false`: nothing. */
  readonly expect?: boolean | ExpectConfig | undefined;
  /** Required beside `expect: { stream: 'steps' }`. */
  readonly onStreamShort?: OnStreamShort | undefined;
}

/** Call options after validation. */
export interface ReadCallOptions extends CallOptions {
  readonly onShort?: readonly Strategy[];
  readonly minOutputTokens?: Tokens;
  readonly waitMsMax?: DurationMs;
  readonly wrapUp?: boolean;
  readonly fitStructured?: boolean;
  readonly expect?: Expect | false;
  readonly onStreamShort?: OnStreamShort;
}

const optionsField = object({
  onShort: onShortField,
  minOutputTokens: tokensField,
  waitMsMax: durationField,
  wrapUp: flag(),
  fitStructured: flag(),
  expect: expectField,
  onStreamShort: onStreamShortField,
});

/** What has been read before, so that it is not read at every call that passes it on. */
const known = new WeakSet<object>();

/** The options, validated and frozen. Throws `CONFIG_INVALID`. */
export function readCallOptions(options: CallOptions | undefined): ReadCallOptions | undefined {
  if (options === undefined) return undefined;
  if (known.has(options)) return options as ReadCallOptions;
  const read = optionsField.read(options, 'options');
  checkStreamShort(read, 'options.onStreamShort');
  return remembered(read);
}

/** Both together: what the inner ones say counts, field by field. */
export function joinOptions(
  outer: ReadCallOptions | undefined,
  inner: ReadCallOptions | undefined,
): ReadCallOptions | undefined {
  if (outer === undefined || inner === undefined) return inner ?? outer;
  return remembered(Object.freeze({ ...outer, ...inner }));
}

function remembered(options: ReadCallOptions): ReadCallOptions {
  known.add(options);
  return options;
}

import { HARD_SIZER, type TextSizer } from './text-bytes.ts';

/** Deepest nesting that is measured; deeper bodies have no bound and are refused. */
export const BODY_DEPTH_MAX = 256;

/** Most values that are measured in one body; larger bodies have no bound and are refused. */
export const BODY_NODES_MAX = 4_000_000;

/** What the provider may add to every prompt by itself, in tokens. */
export const REQUEST_OVERHEAD_TOKENS = 512;

/** What the provider adds when a request has any tool (Claude 3 added 159 to 530), in tokens. */
export const TOOLS_OVERHEAD_TOKENS = 600;

/** Why a body could not be measured. */
export interface BodyFault {
  readonly feature: 'body.depth' | 'body.size' | 'body.number' | 'body.value';
  readonly reason: string;
}

/**
 * Measures parts of a request body as an upper bound on prompt tokens: strings by the sizer, keys
 * and punctuation by their serialised bytes, so that the JSON around each message covers the few
 * tokens by which the provider frames it.
 *
 * Linear in the size of the body, without recursion. Reads each property of what it is given once.
 */
export class BodyTally {
  /** Tokens so far. */
  size = 0;
  /** The dearest prompt-cache lifetime that was asked for anywhere. */
  cacheWrite: '5m' | '1h' | undefined = undefined;
  fault: BodyFault | undefined = undefined;
  readonly sizer: TextSizer;
  #nodes = 0;

  constructor(sizer: TextSizer = HARD_SIZER) {
    this.sizer = sizer;
  }

  /** A string in the prompt, with its quotes. */
  text(value: string): void {
    this.size += this.sizer.text(value) + 2;
  }

  /** A key, with its quotes, colon and comma. */
  key(name: string): void {
    this.size += this.sizer.text(name) + 6;
  }

  /** A key and its value, outside the measured trees. */
  field(name: string, value: unknown, isJson: boolean): void {
    this.key(name);
    if (CACHE_KEYS.has(name)) this.cacheControl(value);
    this.value(value, isJson);
  }

  /** Punctuation and framing of one object or array outside the measured trees. */
  frame(): void {
    this.size += 4;
    if (++this.#nodes > BODY_NODES_MAX) this.fault ??= TOO_MANY;
  }

  /** Any JSON value; `isJson` when the provider puts it into the prompt as serialised JSON. */
  value(value: unknown, isJson: boolean): void {
    if (typeof value === 'object' && value !== null) this.#tree(value, isJson);
    else this.#leaf(value, isJson);
  }

  /**
   * Remembers an order to write the prompt cache; a lifetime that is not known counts as the
   * dearest.
   */
  cacheControl(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const ttl: unknown = 'ttl' in value ? value.ttl : undefined;
    const isShort = ttl === undefined || ttl === null || SHORT_LIFETIMES.has(ttl);
    this.cacheWrite = isShort ? (this.cacheWrite ?? '5m') : '1h';
  }

  #leaf(value: unknown, isJson: boolean): void {
    if (typeof value === 'string') {
      this.size += (isJson ? this.sizer.json(value) : this.sizer.text(value)) + 2;
    } else if (typeof value === 'number') this.size += this.#number(value);
    else if (typeof value === 'bigint' || typeof value === 'function') this.fault ??= NOT_JSON;
    else this.size += 5;
  }

  /** Two bytes above the shortest form, since some serialisers write `.0` and `e+`. */
  #number(value: number): number {
    if (!Number.isFinite(value)) this.fault ??= NOT_FINITE;
    const isWholeAndWide = Math.abs(value) > Number.MAX_SAFE_INTEGER;
    return isWholeAndWide ? WIDE_NUMBER_BYTES : String(value).length + 2;
  }

  #tree(root: object, isJson: boolean): void {
    const pending: object[] = [root];
    const depths: number[] = [1];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      const depth = (depths.pop() ?? 0) + 1;
      if (depth > BODY_DEPTH_MAX) this.fault ??= TOO_DEEP;
      if (++this.#nodes > BODY_NODES_MAX) this.fault ??= TOO_MANY;
      if (this.fault !== undefined) return;
      this.size += 4;
      if (Array.isArray(node)) {
        this.#nodes += node.length;
        for (const item of node as unknown[]) this.#visit(item, isJson, { pending, depths, depth });
        continue;
      }
      const fields = node as { readonly [name: string]: unknown };
      for (const name of Object.keys(fields)) {
        const item = fields[name];
        this.size += (isJson ? this.sizer.json(name) : this.sizer.text(name)) + 4;
        if (CACHE_KEYS.has(name)) this.cacheControl(item);
        this.#visit(item, isJson, { pending, depths, depth });
      }
    }
  }

  #visit(item: unknown, isJson: boolean, stack: TreeStack): void {
    this.size += 2;
    if (typeof item === 'object' && item !== null) {
      stack.pending.push(item);
      stack.depths.push(stack.depth);
    } else this.#leaf(item, isJson);
  }
}

interface TreeStack {
  readonly pending: object[];
  readonly depths: number[];
  readonly depth: number;
}

/** Where Anthropic and OpenAI let a request order a cache write. */
const CACHE_KEYS: ReadonlySet<string> = new Set([
  'cache_control',
  'prompt_cache_breakpoint',
  'prompt_cache_options',
]);

/** Lifetimes that bill as the shorter write class: Anthropic's and OpenAI's defaults. */
const SHORT_LIFETIMES: ReadonlySet<unknown> = new Set(['5m', '30m']);

/** The most decimal digits of a finite double, and sign and exponent. */
const WIDE_NUMBER_BYTES = 320;

const TOO_DEEP: BodyFault = {
  feature: 'body.depth',
  reason: `it is nested deeper than ${BODY_DEPTH_MAX} levels`,
};
const TOO_MANY: BodyFault = {
  feature: 'body.size',
  reason: `it holds more than ${BODY_NODES_MAX} values`,
};
const NOT_FINITE: BodyFault = {
  feature: 'body.number',
  reason: 'it holds a number that is not finite, whose length on the wire is not known',
};
const NOT_JSON: BodyFault = {
  feature: 'body.value',
  reason: 'it holds a value that JSON cannot carry',
};

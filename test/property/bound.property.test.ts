import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claudeImageTokens } from '../../src/providers/anthropic/content.ts';
import { anthropic } from '../../src/providers/anthropic/provider.ts';
import { openai } from '../../src/providers/openai/provider.ts';
import type { Assumptions, JsonObject, Provider } from '../../src/providers/provider.ts';
import { tightSizer } from '../../src/estimate/tight.ts';
import type { UsageBound } from '../../src/estimate/usage-bound.ts';
import { boundCost, cost } from '../../src/pricing/cost.ts';
import type { PriceCard } from '../../src/pricing/price-card.ts';
import type { TokenClass } from '../../src/meter/usage.ts';
import { tokens, type Tokens } from '../../src/units/count.ts';
import { picoUsd, type PicoUsd } from '../../src/units/money.ts';

/**
 * Requests are generated as meanings, from which the wire body and, independently of our reading of
 * that body, the most tokens any tokenizer can make of it are both derived.
 */
interface Meaning {
  readonly body: JsonObject;
  /** What a generous provider counts: every byte of every normalised text a token, plus framing. */
  readonly trueInput: number;
  readonly ceiling: number;
  readonly choices: number;
  readonly cached: '5m' | '1h' | undefined;
}

const ASSUMED: Assumptions = { serviceTier: 'standard', geo: 'global', allow: {} };
const NO_LIMITS = { inputTokensMax: undefined, outputTokensMax: tokens(1) };

/** What Claude 3 added at most for tools, and gpt-4o for each message, as measured. */
const TOOLS_PROMPT = 530;
const MESSAGE_FRAME = 7;

const hostile = fc.constantFrom(
  '\ufdfa',
  '\u0958',
  'à\u0323',
  '\ud800',
  '﷽',
  '"\\\n\u0000',
  '<|end|>',
  '한',
  '🎉',
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.array(hostile, { maxLength: 40 }).map((parts) => parts.join('')),
  fc.string({ maxLength: 400 }),
);

const encoder = new TextEncoder();

/**
 * The independent counter: a token a byte, of the raw text or its normal form, whichever is more.
 */
function generous(value: string): number {
  return Math.max(encoder.encode(value).length, encoder.encode(value.normalize('NFKC')).length);
}

/** JSON as Python writes it: escapes beyond ASCII, a space after comma and colon. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(
      ([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`,
    );
    return `{${fields.join(', ')}}`;
  }
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const tool = fc
  .record({
    name: fc.string({ maxLength: 20 }),
    description: text,
    properties: fc.dictionary(text, text),
  })
  .map(({ name, description, properties }) => ({
    name,
    description,
    input_schema: { type: 'object', properties },
  }));

const picture = fc.record({
  width: fc.integer({ min: 1, max: 5000 }),
  height: fc.integer({ min: 1, max: 5000 }),
});

const order = fc.constantFrom(undefined, '5m', '1h');

interface Part {
  readonly wire: JsonObject;
  readonly count: number;
  readonly cached: '5m' | '1h' | undefined;
}

const textPart = fc.tuple(text, order).map(([value, ttl]): Part => ({
  wire: { type: 'text', text: value, ...(ttl && { cache_control: { type: 'ephemeral', ttl } }) },
  count: generous(value),
  cached: ttl,
}));

const imagePart = picture.map(({ width, height }): Part => ({
  wire: {
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: png(width, height) },
  },
  count: Math.min(4784, Math.ceil(width / 28) * Math.ceil(height / 28)),
  cached: undefined,
}));

const toolUse = fc
  .dictionary(text, fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true })))
  .map((input): Part => ({
    wire: { type: 'tool_use', id: 'toolu_1', name: 'f', input },
    count: pythonJson(input).length,
    cached: undefined,
  }));

const toolResult = fc.array(fc.oneof(textPart, imagePart), { maxLength: 3 }).map((inner): Part => ({
  wire: { type: 'tool_result', tool_use_id: 'toolu_1', content: inner.map(({ wire }) => wire) },
  count: inner.reduce((sum, part) => sum + part.count, 0),
  cached: dearest(inner),
}));

const anthropicMeaning: fc.Arbitrary<Meaning> = fc
  .record({
    messages: fc.array(
      fc.array(fc.oneof(textPart, imagePart, toolUse, toolResult), { maxLength: 4 }),
      {
        maxLength: 5,
      },
    ),
    system: text,
    tools: fc.array(tool, { maxLength: 3 }),
    ceiling: fc.integer({ min: 0, max: 100_000 }),
  })
  .map(({ messages, system, tools, ceiling }) => {
    const parts = messages.flat();
    const inTools = tools.length === 0 ? 0 : TOOLS_PROMPT + pythonJson(tools).length;
    return {
      body: {
        model: 'claude-opus-4-7',
        max_tokens: ceiling,
        system,
        tools,
        messages: messages.map((content, index) => ({
          role: index % 2 === 0 ? 'user' : 'assistant',
          content: content.map(({ wire }) => wire),
        })),
      },
      trueInput:
        parts.reduce((sum, { count }) => sum + count, 0) +
        generous(system) +
        inTools +
        messages.length * MESSAGE_FRAME,
      ceiling,
      choices: 1,
      cached: dearest(parts),
    };
  });

const openaiMeaning: fc.Arbitrary<Meaning> = fc
  .record({
    messages: fc.array(fc.oneof(text, fc.array(text, { maxLength: 4 })), { maxLength: 6 }),
    tools: fc.array(tool, { maxLength: 3 }),
    ceiling: fc.integer({ min: 0, max: 100_000 }),
    n: fc.integer({ min: 1, max: 128 }),
  })
  .map(({ messages, tools, ceiling, n }) => {
    const functions = tools.map(({ input_schema, ...rest }) => ({
      type: 'function',
      function: { ...rest, parameters: input_schema },
    }));
    const inTools = tools.length === 0 ? 0 : TOOLS_PROMPT + pythonJson(functions).length;
    return {
      body: {
        model: 'gpt-4o',
        max_completion_tokens: ceiling,
        n,
        tools: functions,
        messages: messages.map((content) => ({
          role: 'user',
          content:
            typeof content === 'string'
              ? content
              : content.map((part) => ({ type: 'text', text: part })),
        })),
      },
      trueInput:
        messages.flat().reduce((sum, part) => sum + generous(part), 0) +
        inTools +
        messages.length * MESSAGE_FRAME,
      ceiling,
      choices: n,
      cached: '5m' as const,
    };
  });

const CASES = [
  { name: 'anthropic', provider: anthropic, route: 'messages', meanings: anthropicMeaning },
  { name: 'openai', provider: openai, route: 'chat.completions', meanings: openaiMeaning },
];

function boundOf(provider: Provider, route: string, { body }: Meaning): UsageBound {
  const facts = provider.readRequest(route, JSON.stringify(body));
  if ('kind' in facts) throw new Error(`${facts.field}: ${facts.reason}`);
  const bound = provider.bound(facts, NO_LIMITS, ASSUMED);
  if ('kind' in bound) throw new Error(`${bound.feature}: ${bound.reason}`);
  return bound;
}

describe.each(CASES)('$name: the bound', ({ provider, route, meanings }) => {
  it('is never below what a generous provider counts, input and output', () => {
    fc.assert(
      fc.property(meanings, (meaning) => {
        const bound = boundOf(provider, route, meaning);
        expect(bound.inputTokens).toBeGreaterThanOrEqual(meaning.trueInput);
        expect(bound.outputTokens).toBe(meaning.ceiling * meaning.choices);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same off the wire and from the live object', () => {
    fc.assert(
      fc.property(meanings, (meaning) => {
        const facts = provider.readBody(route, meaning.body);
        if ('kind' in facts) throw new Error(facts.reason);
        expect(provider.bound(facts, NO_LIMITS, ASSUMED)).toEqual(
          boundOf(provider, route, meaning),
        );
      }),
    );
  });

  it('costs at least as much as any usage that the request allows', () => {
    fc.assert(
      fc.property(meanings, shares, (meaning, share) => {
        const bound = boundOf(provider, route, meaning);
        const held = boundCost(bound, CARD);
        const usage = usageOf(meaning, share);
        const billed = cost({ lines: [usage] }, () => CARD);
        if (typeof held !== 'number') throw new Error(held.reason);
        if (typeof billed !== 'number') throw new Error(billed.reason);
        expect(held).toBeGreaterThanOrEqual(billed);
      }),
      { numRuns: 300 },
    );
  });

  it('is never below the estimate of the tight measure', () => {
    fc.assert(
      fc.property(meanings, fc.double({ min: 0, max: 20, noNaN: true }), (meaning, factor) => {
        const facts = provider.readBody(route, meaning.body);
        if ('kind' in facts) throw new Error(facts.reason);
        const tight = provider.bound(facts, NO_LIMITS, ASSUMED, tightSizer(factor));
        if ('kind' in tight) throw new Error(tight.reason);
        expect(tight.inputTokens).toBeLessThanOrEqual(
          boundOf(provider, route, meaning).inputTokens,
        );
      }),
    );
  });
});

describe('hostile requests', () => {
  it('always end in a bound, a refusal or an unreadable field; nothing throws', () => {
    const wires = fc.oneof(
      fc.json({ maxDepth: 6 }),
      fc
        .dictionary(
          fc.constantFrom(
            'model',
            'messages',
            'tools',
            'system',
            'input',
            'max_tokens',
            'n',
            'stream',
            'text',
          ),
          fc.jsonValue({ maxDepth: 6 }),
        )
        .map((body) => JSON.stringify({ model: 'm', ...body })),
      fc.string(),
    );
    const routes: readonly [Provider, string][] = [
      [anthropic, 'messages'],
      [openai, 'chat.completions'],
      [openai, 'responses'],
      [openai, 'completions'],
      [openai, 'embeddings'],
      [openai, 'images.generations'],
    ];
    fc.assert(
      fc.property(wires, fc.constantFrom(...routes), (wire, [provider, route]) => {
        const facts = provider.readRequest(route, wire);
        if ('kind' in facts) {
          expect(facts.field).not.toBe('');
          return;
        }
        const bound = provider.bound(facts, NO_LIMITS, ASSUMED);
        if ('kind' in bound) {
          expect(bound.optIn).not.toBe('');
          return;
        }
        expect(Number.isSafeInteger(bound.inputTokens) && bound.inputTokens >= 0).toBe(true);
        expect(Number.isSafeInteger(bound.outputTokens) && bound.outputTokens >= 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('an image never counts below its formula nor above its maximum', () => {
    fc.assert(
      fc.property(picture, ({ width, height }) => {
        const count = claudeImageTokens('claude-opus-4-7', png(width, height));
        expect(count).toBe(Math.min(4784, Math.ceil(width / 28) * Math.ceil(height / 28)));
      }),
    );
  });
});

const shares = fc.record({
  input: fc.double({ min: 0, max: 1, noNaN: true }),
  write: fc.double({ min: 0, max: 1, noNaN: true }),
  read: fc.double({ min: 0, max: 1, noNaN: true }),
  output: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** Some usage that the request allows: at most its tokens, writes only where one was ordered. */
function usageOf(
  meaning: Meaning,
  share: { input: number; write: number; read: number; output: number },
) {
  const total = Math.floor(meaning.trueInput * share.input);
  const written = meaning.cached === undefined ? 0 : Math.floor(total * share.write);
  const read = Math.floor((total - written) * share.read);
  const counts: Partial<Record<TokenClass, Tokens>> = {
    input: count(total - written - read),
    cacheRead: count(read),
    output: count(Math.floor(meaning.ceiling * meaning.choices * share.output)),
    ...(meaning.cached === '1h'
      ? { cacheWrite1h: count(written) }
      : { cacheWrite5m: count(written) }),
  };
  return {
    model: undefined,
    tokens: counts,
    fees: {},
    serviceTier: 'standard' as const,
    isFast: false,
    geo: undefined,
  };
}

const CARD: PriceCard = {
  provider: 'any',
  model: 'any',
  effectiveFrom: null,
  rates: {
    input: rate(3_000_000),
    cacheRead: rate(300_000),
    cacheWrite5m: rate(3_750_000),
    cacheWrite1h: rate(6_000_000),
    output: rate(15_000_000),
  },
  longContext: undefined,
  priority: undefined,
  flex: undefined,
  batch: undefined,
  fast: undefined,
  geos: {},
  fees: {},
  inputTokensMax: undefined,
  outputTokensMax: undefined,
  source: 'made up for this test',
};

function rate(value: number): PicoUsd {
  return picoUsd(value)!;
}

function count(value: number): Tokens {
  return tokens(value)!;
}

function dearest(parts: readonly Part[]): '5m' | '1h' | undefined {
  if (parts.some(({ cached }) => cached === '1h')) return '1h';
  return parts.some(({ cached }) => cached === '5m') ? '5m' : undefined;
}

function png(width: number, height: number): string {
  const head = Buffer.alloc(24);
  head.write('\u0089PNG\r\n\u001a\n', 0, 'latin1');
  head.writeUInt32BE(13, 8);
  head.write('IHDR', 12, 'latin1');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return head.toString('base64');
}

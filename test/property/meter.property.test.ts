import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventFilter } from '../../src/meter/event-filter.ts';
import { EACH, planJson } from '../../src/meter/json-plan.ts';
import { JsonScanner } from '../../src/meter/json-scanner.ts';
import type { Meter, MeterReading } from '../../src/meter/usage.ts';
import { openAnthropicMeter } from '../../src/providers/anthropic/usage.ts';
import { openOpenAIMeter } from '../../src/providers/openai/usage.ts';
import type { RequestFacts } from '../../src/providers/provider.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const facts = (route: string): RequestFacts => ({ route, model: 'm', isStream: true, body: {} });
const SSE = 'text/event-stream';

/** Wire text of each kind that the meters read, and a fresh meter for it. */
const TRANSCRIPTS: readonly [string, string, () => Meter][] = [
  [
    'Anthropic stream',
    [
      'event: message_start',
      'data: {"type":"message_start","message":{"model":"claude-é😀","usage":{"input_tokens":25,' +
        '"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_1h_input_tokens":7}}}}',
      '',
      ': comment',
      '',
      'event: content_block_delta',
      'data: {"type":"content_block_delta","delta":{"text":"\\"usage\\":{\\u0022} \\\\"}}',
      '',
      'event: message_delta',
      'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":' +
        '15,"iterations":[{"type":"compaction","input_tokens":9,"output_tokens":8}]}}',
      '',
      'event: message_stop',
      'data: {"type":"message_stop"}\r\n\r\n',
    ].join('\r\n'),
    () => openAnthropicMeter(facts('messages'), SSE),
  ],
  [
    'Anthropic body',
    '\uFEFF{"type":"message","model":"claude","content":[{"text":"x\\"}],\\"usage\\":{"}],\n ' +
      '"us\\u0061ge":{"input_tokens":5,"output_tokens":6e0}}\n',
    () => openAnthropicMeter(facts('messages'), 'application/json'),
  ],
  [
    'OpenAI chat stream',
    [
      'data: {"model":"gpt","choices":[{"delta":{"content":"é"}}],"usage":null}',
      'data: {"model":"gpt","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,' +
        '"prompt_tokens_details":{"cached_tokens":4}}}',
      'data: [DONE]\n\n',
    ].join('\n\n'),
    () => openOpenAIMeter(facts('chat.completions'), SSE),
  ],
  [
    'OpenAI responses stream',
    [
      'event: response.created',
      'data: {"type":"response.created","response":{"usage":null}}',
      '',
      'event: response.completed',
      'data: {"type":"response.completed","response":{"status":"completed","model":"gpt",' +
        '"output":[{"type":"web_search_call","action":{"type":"search"}},{"type":"message"}],' +
        '"usage":{"input_tokens":3,"output_tokens":4}}}\r\r',
    ].join('\r'),
    () => openOpenAIMeter(facts('responses'), SSE),
  ],
];

function readIn(meter: Meter, bytes: Uint8Array, cuts: readonly number[]): MeterReading {
  const ends = [...new Set([...cuts, bytes.length])].sort((left, right) => left - right);
  let from = 0;
  for (const end of ends) {
    const chunk = bytes.slice(from, end);
    meter.push(chunk);
    // The transport may reuse its buffer.
    chunk.fill(0x5a);
    from = end;
  }
  return meter.read();
}

describe('meters', () => {
  it.each(TRANSCRIPTS)('read the same wherever the bytes are split: %s', (_, text, open) => {
    const bytes = encode(text);
    const whole = readIn(open(), bytes, []);
    expect(whole.kind).toBe('complete');
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(readIn(open(), bytes, [at])).toEqual(whole);
    }
    const every = Array.from(bytes, (__, at) => at);
    expect(readIn(open(), bytes, every)).toEqual(whole);
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 30 });
    fc.assert(
      fc.property(cuts, (at) => {
        expect(readIn(open(), bytes, at)).toEqual(whole);
      }),
    );
  });

  it.each(TRANSCRIPTS)(
    'never call a beginning complete with other figures: %s',
    (_, text, open) => {
      const bytes = encode(text);
      const whole = readIn(open(), bytes, []);
      for (let end = 0; end < bytes.length; end += 1) {
        const reading = readIn(open(), bytes.subarray(0, end), []);
        if (reading.kind === 'complete') expect(reading).toEqual(whole);
        else expect(['partial', 'missing']).toContain(reading.kind);
      }
    },
  );

  it('take the most of any row of cumulative Anthropic figures', () => {
    const count = fc.nat(1_000_000);
    const prompt = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(fc.array(count, { minLength: 1, maxLength: 8 }), prompt, (outputs, input) => {
        const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
        const usage = { input_tokens: input, output_tokens: 1 };
        const deltas = outputs.map((output_tokens) =>
          event({ type: 'message_delta', delta: {}, usage: { output_tokens } }),
        );
        const text = [event({ type: 'message_start', message: { usage } }), ...deltas];
        const meter = openAnthropicMeter(facts('messages'), SSE);
        meter.push(encode(`${text.join('')}data: {"type":"message_stop"}\n\n`));
        const reading = meter.read();
        if (reading.kind !== 'complete') throw new Error(reading.kind);
        const { tokens } = reading.usage.lines[0]!;
        expect([tokens.input ?? 0, tokens.output ?? 0]).toEqual([input, Math.max(1, ...outputs)]);
      }),
    );
  });
});

describe('OpenAI classes', () => {
  const parts = fc.record({
    // No prompt is empty: an input of nothing means that it was not reported.
    text: fc.integer({ min: 1, max: 1000 }),
    audio: fc.nat(1000),
    cachedText: fc.nat(1000),
    cachedAudio: fc.nat(1000),
    written: fc.nat(1000),
    output: fc.nat(1000),
    audioOutput: fc.nat(1000),
  });

  function tokensOf(usage: object) {
    const meter = openOpenAIMeter(facts('chat.completions'), 'application/json');
    meter.push(encode(JSON.stringify({ choices: [], usage })));
    const reading = meter.read();
    if (reading.kind !== 'complete') throw new Error(JSON.stringify(reading));
    return reading.usage.lines[0]!.tokens as Readonly<Record<string, number | undefined>>;
  }

  it('are disjoint, sum to the totals, and never cost less than any true placement', () => {
    const rates: Record<string, number> = {
      input: 250,
      cacheRead: 125,
      cacheWrite5m: 313,
      audioInput: 4000,
      audioCacheRead: 2000,
      output: 1000,
      audioOutput: 8000,
    };
    const cost = (tokens: Readonly<Record<string, number | undefined>>) =>
      Object.entries(tokens).reduce((sum, [name, count]) => sum + rates[name]! * (count ?? 0), 0);
    fc.assert(
      fc.property(parts, (part) => {
        const truth = {
          input: part.text,
          cacheRead: part.cachedText,
          cacheWrite5m: part.written,
          audioInput: part.audio,
          audioCacheRead: part.cachedAudio,
          output: part.output,
          audioOutput: part.audioOutput,
        };
        const { output: _, audioOutput: __, ...inputs } = truth;
        const prompt_tokens = Object.values(inputs).reduce((sum, count) => sum + count, 0);
        const tokens = tokensOf({
          prompt_tokens,
          completion_tokens: part.output + part.audioOutput,
          prompt_tokens_details: {
            cached_tokens: part.cachedText + part.cachedAudio,
            audio_tokens: part.audio + part.cachedAudio,
            cache_write_tokens: part.written,
          },
          completion_tokens_details: { audio_tokens: part.audioOutput },
        });
        const total = Object.values(tokens).reduce<number>((sum, count) => sum + (count ?? 0), 0);
        expect(total).toBe(prompt_tokens + part.output + part.audioOutput);
        expect(cost(tokens)).toBeGreaterThanOrEqual(cost(truth));
      }),
    );
  });

  it('are never a negative or fractional number, whatever the figures are', () => {
    const figure = fc.oneof(
      fc.integer({ min: -5, max: 50 }),
      fc.constantFrom(null, 0.5, 2 ** 53, '3', [], {}, true),
    );
    const details = fc.oneof(
      fc.dictionary(
        fc.constantFrom(
          'cached_tokens',
          'cache_write_tokens',
          'audio_tokens',
          'reasoning_tokens',
          'text_tokens',
          'image_tokens',
        ),
        figure,
      ),
      figure,
    );
    const names = ['prompt_tokens', 'completion_tokens', 'total_tokens'];
    const usage = fc.record(
      {
        ...(Object.fromEntries(names.map((name) => [name, figure])) as Record<
          string,
          typeof figure
        >),
        prompt_tokens_details: details,
        completion_tokens_details: details,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        usage,
        fc.constantFrom('chat.completions', 'images', 'embeddings'),
        (used, route) => {
          const meter = openOpenAIMeter(facts(route), 'application/json');
          meter.push(encode(JSON.stringify({ usage: used })));
          const reading = meter.read();
          if (reading.kind !== 'complete') return;
          const { prompt_tokens = 0, completion_tokens = 0 } = used as Record<string, unknown>;
          const counts = Object.values(reading.usage.lines[0]!.tokens);
          expect(counts.every((count) => Number.isSafeInteger(count) && count > 0)).toBe(true);
          const total = counts.reduce<number>((sum, count) => sum + count, 0);
          expect(total).toBeGreaterThanOrEqual(Number(prompt_tokens) + Number(completion_tokens));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('JSON scanner', () => {
  const plan = planJson(
    { a: ['a'], inner: ['b', 'c'] },
    { items: { path: ['d', EACH], of: [] }, kinds: { path: ['d', EACH, 'a'], of: ['x'] } },
  );
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e"', '\\', 'é');
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant('x'),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    ),
  }));
  const indent = fc.constantFrom(0, 1, '\t');
  const size = fc.integer({ min: 1, max: 40 });

  function scan(text: string, step: number) {
    const scanner = new JsonScanner(plan);
    const bytes = encode(text);
    for (let at = 0; at < bytes.length; at += step) scanner.push(bytes.slice(at, at + step));
    return scanner;
  }
  const field = (owner: unknown, name: string): unknown =>
    typeof owner === 'object' && owner !== null && !Array.isArray(owner)
      ? (owner as Record<string, unknown>)[name]
      : undefined;

  it('agrees with JSON.parse on every document and chunk size', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 5 }), indent, size, (data, space, step) => {
        const text = JSON.stringify(data, undefined, space);
        const parsed = JSON.parse(text) as unknown;
        const scanner = scan(text, step);
        const found = (name: 'a' | 'inner') => {
          const captured = scanner.captured(name);
          return captured?.kind === 'value' ? captured.value : captured;
        };
        expect(scanner.outcome).toBe('whole');
        expect(found('a')).toEqual(field(parsed, 'a'));
        expect(found('inner')).toEqual(field(field(parsed, 'b'), 'c'));
        const list = field(parsed, 'd');
        const items: unknown[] = Array.isArray(list) ? list : [];
        expect(scanner.count('items')).toBe(items.length);
        expect(scanner.count('kinds', 'x')).toBe(
          items.filter((item) => field(item, 'a') === 'x').length,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('never flags what JSON.parse accepts, nor calls a broken structure whole', () => {
    const edit = fc.record({
      at: fc.nat(),
      put: fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"'),
    });
    fc.assert(
      fc.property(fc.dictionary(key, fc.nat(9)), edit, size, (data, { at, put }, step) => {
        const text = JSON.stringify(data);
        const cut = at % text.length;
        const broken = text.slice(0, cut) + put + text.slice(cut + 1);
        let isValid = true;
        try {
          JSON.parse(broken);
        } catch {
          isValid = false;
        }
        const isWhole = scan(broken, step).outcome === 'whole';
        if (isValid) expect(isWhole).toBe(true);
        // Inside strings the scanner is lenient: only escapes can be wrong there.
        else if (!broken.includes('\\')) expect(isWhole).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('event filter', () => {
  it('passes every byte of every visible event, in order, and none of a hidden one', () => {
    const end = fc.constantFrom('\n', '\r\n');
    const line = fc.constantFrom(
      'data: a',
      'data:HIDE',
      'data',
      ': HIDE',
      'event: HIDE',
      'x',
      'data: é',
    );
    const event = fc.tuple(fc.array(line, { minLength: 1, maxLength: 4 }), end);
    fc.assert(
      fc.property(fc.array(event), fc.integer({ min: 1, max: 30 }), (events, step) => {
        const texts = events.map(([lines, eol]) => `${lines.join(eol)}${eol}${eol}`);
        const shown = texts.filter((_, index) => !events[index]![0].includes('data:HIDE'));
        const filter = createEventFilter((payload) => payload.includes('HIDE'));
        const bytes = encode(texts.join(''));
        const parts: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += step) {
          parts.push(...filter.push(bytes.slice(at, at + step)));
        }
        parts.push(...filter.end());
        const out = new TextDecoder().decode(Buffer.concat(parts));
        expect(out).toBe(shown.join(''));
      }),
    );
  });
});

describe('memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const CHUNKS = 800;
  const chunk = (text: string) => encode(text.repeat(Math.ceil(65_536 / text.length)));
  const json = 'application/json';

  function retained(): number {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  }

  it.each<[string, string, string, string]>([
    ['one string', json, '{"a":"', 'text with \\" escapes and no end '],
    ['a long array', json, '{"data":[0', ',-0.0123456'],
    ['a usage of 50 MB', json, '{"usage":{"a":[0', ',{"b":1}'],
    ['keys without end', json, '{"', 'key'],
    ['nesting', json, '', '['],
    ['one event', SSE, 'data: {"a":"', 'never a line end '],
    ['many events', SSE, '', `event: x\ndata: {"type":"x","a":[{"b":"${'y'.repeat(2000)}"}]}\n\n`],
    ['one line of a name', SSE, 'event: ', 'name'],
    ['a field without end', SSE, '', 'field'],
  ])('keeps less than 1 MB of a 50 MB body: %s', (_, type, head, body) => {
    const piece = chunk(body);
    const meters = [openAnthropicMeter(facts('messages'), type), openOpenAIMeter(facts('x'), type)];
    for (const meter of meters) meter.push(encode(head));
    const before = retained();
    for (let count = 0; count < CHUNKS; count += 1) for (const meter of meters) meter.push(piece);
    expect(retained() - before).toBeLessThan(1_000_000);
    expect(meters.map((meter) => meter.read().kind)).not.toContain('complete');
  });
});

describe('speed', () => {
  it('scans large string content at 100 MB/s or more', () => {
    const piece = encode('plain text of a long answer, '.repeat(2260));
    let best = 0;
    for (let round = 0; round < 5; round += 1) {
      const meter = openAnthropicMeter(facts('messages'), 'application/json');
      meter.push(encode('{"content":"'));
      const begin = performance.now();
      for (let count = 0; count < 200; count += 1) meter.push(piece);
      best = Math.max(best, (200 * piece.length) / 1000 / (performance.now() - begin));
    }
    expect(best).toBeGreaterThanOrEqual(100);
  });
});

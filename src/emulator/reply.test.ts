import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countContent, countMessages, countPrompt, countQuarterBytes } from './count.ts';
import { writeJson } from './json.ts';
import type { Reply } from './reply.ts';
import { clipOutput, splitText } from './reply.ts';
import { sampleSchema } from './schema-sample.ts';

const room = { fallbackText: 'fallback', countTokens: countQuarterBytes };
const clip = (reply: Reply, ceiling?: number) => clipOutput(reply, { ...room, ceiling });

describe('clipping', () => {
  it('never passes the ceiling, whatever the reply says', () => {
    const reply = fc.record(
      {
        text: fc.string({ maxLength: 200 }),
        outputTokens: fc.nat(500),
        reasoningTokens: fc.nat(500),
        toolCalls: fc.constant([{ name: 'add', input: { a: 1 } }]),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(reply, fc.nat(100), (given, ceiling) => {
        const output = clip(given, ceiling);
        expect(output.outputTokens).toBeLessThanOrEqual(ceiling);
        expect(output.reasoningTokens).toBeLessThanOrEqual(output.outputTokens);
        expect(output.isClipped).toBe(clip(given).outputTokens > ceiling);
      }),
    );
  });

  it('counts text, thinking, reasoning and tool calls; an empty answer is one token', () => {
    expect(clip({}).outputTokens).toBe(2);
    expect(clip({ text: '' }).outputTokens).toBe(1);
    expect(clip({ text: 'abcde', thinking: 'abcd', reasoningTokens: 10 }).outputTokens).toBe(13);
    // 'add' is 1, {"a":1} is 2.
    expect(clip({ toolCalls: [{ name: 'add', input: { a: 1 } }] }).outputTokens).toBe(3);
  });

  it('makes up a text of the length that is asked for, up to 4,096 tokens', () => {
    expect(clip({ outputTokens: 10 }).text).toBe('word'.repeat(10));
    expect(clip({ outputTokens: 10, reasoningTokens: 4 }).text).toBe('word'.repeat(6));
    const long = clip({ outputTokens: 1_000_000 });
    expect([long.text.length, long.outputTokens]).toEqual([4 * 4_096, 1_000_000]);
  });

  it('drops tool calls that do not fit', () => {
    const toolCalls = [{ name: 'add', input: { a: 1 } }];
    expect(clip({ text: 'abcdefgh', toolCalls }, 2).toolCalls).toEqual([]);
    expect(clip({ text: 'abcdefgh', toolCalls }, 5).toolCalls).toEqual(toolCalls);
  });
});

describe('splitting', () => {
  it('gives back the same text in at most so many pieces, no character split', () => {
    const unit = fc.oneof(fc.constant('a'), fc.constant('😀'), fc.constant('é'));
    fc.assert(
      fc.property(
        fc.array(unit, { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (units, max) => {
          const text = units.join('');
          const pieces = splitText(text, max);
          expect(pieces.join('')).toBe(text);
          // It throws for half a character.
          for (const piece of pieces) expect(() => encodeURIComponent(piece)).not.toThrow();
          // A piece that would split a pair is one shorter, so a few more may be needed.
          expect(pieces.length).toBeLessThanOrEqual(2 * max);
        },
      ),
    );
    expect(splitText('abcdefghij', 5)).toEqual(['ab', 'cd', 'ef', 'gh', 'ij']);
    expect(splitText('', 5)).toEqual([]);
  });
});

describe('counting', () => {
  it('is a quarter of the UTF-8 bytes, rounded up', () => {
    expect(['', 'a', 'abcd', 'abcde', 'é', '😀a'].map(countQuarterBytes)).toEqual([
      0, 1, 1, 2, 1, 2,
    ]);
  });

  it('reads text, tool calls and results wherever messages carry them', () => {
    const length = (text: string): number => text.length;
    expect(countContent([{ type: 'text', text: 'abc' }, 'de'], length)).toBe(5);
    expect(countContent({ type: 'tool_use', name: 'add', input: { a: 1 } }, length)).toBe(10);
    expect(
      countContent({ type: 'tool_result', content: [{ type: 'text', text: 'ab' }] }, length),
    ).toBe(2);
    const call = { id: 'x', function: { name: 'add', arguments: '{"a":1}' } };
    expect(countMessages([{ role: 'assistant', content: null, tool_calls: [call] }], length)).toBe(
      16,
    );
    const document = { type: 'document', source: { type: 'text', data: 'abcdef' } };
    expect(countContent(document, length)).toBe(6);
  });

  it('counts a picture by its size in patches of 28, at most 1,568', () => {
    const png = Buffer.alloc(24);
    png.write('\u0089PNG', 0, 'latin1');
    png.writeUInt32BE(57, 16);
    png.writeUInt32BE(28, 20);
    const data = png.toString('base64');
    expect(countContent({ type: 'image', source: { type: 'base64', data } }, () => 0)).toBe(3);
    const url = `data:image/png;base64,${data}`;
    expect(countContent({ type: 'image_url', image_url: { url } }, () => 0)).toBe(3);
    expect(countContent({ type: 'input_image', image_url: url }, () => 0)).toBe(3);
    const remote = { type: 'image', source: { type: 'url', url: 'https://example.com' } };
    expect(countContent(remote, () => 0)).toBe(1_568);
  });

  it('counts embedding inputs as text, texts, ids or lists of ids', () => {
    const counts = ['abcd', ['abcd', 'abcde'], [7, 8, 9], [[7, 8], [9]]].map((input) =>
      countPrompt(input, countQuarterBytes),
    );
    expect(counts).toEqual([1, 3, 3, 3]);
  });
});

describe('schema samples', () => {
  it('fit the schema they are made from', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string' },
        count: { type: 'integer', minimum: 5 },
        kind: { enum: ['big', 'small'] },
        maybe: { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
        list: { type: 'array', items: { $ref: '#/$defs/item' } },
        fixed: { const: 3 },
      },
      $defs: { item: { type: ['object', 'null'], properties: { x: { type: 'number' } } } },
    };
    expect(sampleSchema(schema)).toEqual({
      name: 'text',
      count: 5,
      kind: 'big',
      maybe: true,
      list: [{ x: 1 }],
      fixed: 3,
    });
  });

  it('end for a schema that contains itself', () => {
    const endless = { type: 'object', properties: { next: { $ref: '#' } } };
    expect(JSON.stringify(sampleSchema(endless))).toContain('null');
    expect(sampleSchema({ $ref: '#' })).toBeNull();
  });
});

describe('JSON on the wire', () => {
  it('writes bigints as bare digits and nothing else differently', () => {
    const value = { huge: 2n ** 63n, text: 'bigint-x:5', deep: [{ low: -1n }] };
    expect(writeJson(value)).toBe(
      '{"huge":9223372036854775808,"text":"bigint-x:5","deep":[{"low":-1}]}',
    );
  });
});

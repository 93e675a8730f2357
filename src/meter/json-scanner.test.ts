import { describe, expect, it } from 'vitest';
import { EACH, planJson } from './json-plan.ts';
import { CAPTURE_BYTES_MAX, DEPTH_MAX, JsonScanner } from './json-scanner.ts';

const PLAN = planJson(
  {
    usage: ['usage'],
    inner: ['message', 'usage'],
    type: ['type'],
  },
  {
    calls: { path: ['output', EACH, 'type'], of: ['web_search_call', 'message'] },
    choices: { path: ['choices', EACH], of: [] },
  },
);
const bytes = (text: string) => new TextEncoder().encode(text);

function scan(text: string, size = Infinity) {
  const scanner = new JsonScanner(PLAN);
  const all = bytes(text);
  for (let at = 0; at < all.length; at += size) scanner.push(all.subarray(at, at + size));
  return scanner;
}

describe('JSON scanner', () => {
  it.each([
    ['{"usage":{"a":1}}', { a: 1 }],
    ['{"usage":null}', null],
    ['{"usage":-1.5e3 }', -1500],
    ['{"usage":"q\\"\\\\\\u00e9é😀"}', 'q"\\éé😀'],
    ['{"usage":[1,[2,{"usage":3}],"]"]}', [1, [2, { usage: 3 }], ']']],
    ['{"content":[{"usage":9,"text":"\\"usage\\":8"}],"usage":true}', true],
    ['{"us\\u0061ge":1}', 1],
    ['{"usage":1,"usage":2}', 2],
    ['\n { "usage" :\t[ ] \r\n} ', []],
    ['{"choices":[],"x":{},"usage":{}}', {}],
  ])('captures what JSON.parse finds, at every chunk size: %s', (text, value) => {
    expect(JSON.parse(text)).toHaveProperty('usage', value);
    for (let size = 1; size <= text.length; size += 1) {
      const scanner = scan(text, size);
      expect(scanner.outcome).toBe('whole');
      expect(scanner.captured('usage')).toEqual({ kind: 'value', value });
    }
  });

  it('forgets what a repeated key named, as JSON.parse does', () => {
    const scanner = scan('{"message":{"usage":1},"message":{},"choices":[1,2],"choices":[3]}');
    expect(scanner.captured('inner')).toBeUndefined();
    expect(scanner.count('choices')).toBe(1);
  });

  it.each([
    '{"usage":1,}',
    '{"usage" 1}',
    '{usage:1}',
    '[1 2]',
    '[1}',
    '{"a":1]',
    '{"usage":1}}',
    '{} x',
    '{"usage":tru1}',
    '{"usage":1-2}',
    '{"usage":"\\x"}',
    '<html>',
    ']',
    ',',
    '\uFEFF\uFEFF{}',
  ])('flags malformed JSON: %s', (text) => {
    for (const size of [1, 2, Infinity]) expect(scan(text, size).outcome).toBe('malformed');
  });

  it.each(['', '{', '{"usage":{"a":1}', '[', '"abc', '{"usage":"\\', 'tru'])(
    'says unfinished, not whole, for what breaks off: %s',
    (text) => expect(scan(text).outcome).toBe('unfinished'),
  );

  it.each(['12', 'null', '"x"', '\uFEFF{"a":[]}', '[]'])('takes any root value: %s', (text) => {
    for (const size of [1, Infinity]) expect(scan(text, size).outcome).toBe('whole');
  });

  it('reports a capture above the maximum as too large and goes on reading', () => {
    const text = (size: number) => `{"usage":"${'x'.repeat(size)}","type":"t"}`;
    expect(scan(text(CAPTURE_BYTES_MAX - 2)).captured('usage')?.kind).toBe('value');
    for (const chunk of [999, Infinity]) {
      const scanner = scan(text(CAPTURE_BYTES_MAX - 1), chunk);
      expect(scanner.captured('usage')).toEqual({ kind: 'tooLarge' });
      expect(scanner.captured('type')).toEqual({ kind: 'value', value: 't' });
      expect(scanner.outcome).toBe('whole');
    }
  });

  it('follows nesting up to the maximum without recursion and flags what is deeper', () => {
    expect(scan('['.repeat(DEPTH_MAX) + ']'.repeat(DEPTH_MAX)).outcome).toBe('whole');
    expect(scan('['.repeat(DEPTH_MAX + 1)).outcome).toBe('malformed');
  });

  it('counts array items, all and by string value', () => {
    const item = (type: string) => `{"x":{"type":"web_search_call"},"type":${type}}`;
    const items = ['"message"', '"web_search_call"', '"web\\u005fsearch_call"', '7', '"other"'];
    const text = `{"output":[${items.map(item).join(',')}],"choices":[{},[]]}`;
    for (const size of [1, 7, Infinity]) {
      const scanner = scan(text, size);
      expect(scanner.count('calls')).toBe(5);
      expect(scanner.count('calls', 'web_search_call')).toBe(2);
      expect(scanner.count('calls', 'message')).toBe(1);
      expect(scanner.count('choices')).toBe(2);
    }
    expect(() => scan(text).count('calls', 'unplanned')).toThrow('not planned');
  });

  it('reads a document after a reset as a new scanner would', () => {
    const scanner = scan('{"usage":1,"choices":[1],"type":"\\');
    scanner.reset();
    expect(scanner.captured('usage')).toBeUndefined();
    expect(scanner.count('choices')).toBe(0);
    scanner.push(bytes('{"type":"b"}'));
    expect(scanner.outcome).toBe('whole');
    expect(scanner.captured('type')).toEqual({ kind: 'value', value: 'b' });
  });

  it('refuses a plan whose capture has others below it or stands in an array', () => {
    expect(() => planJson({ a: ['a'], b: ['a', 'b'] }, {})).toThrow('leaf');
    expect(() => planJson({ a: ['a', EACH] }, {})).toThrow('outside arrays');
    expect(() => planJson({ a: ['a'.repeat(41)] }, {})).toThrow('too long');
  });
});

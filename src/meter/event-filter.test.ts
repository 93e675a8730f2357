import { describe, expect, it } from 'vitest';
import { createEventFilter, EVENT_BYTES_MAX } from './event-filter.ts';

const hides = (payload: string) => payload.includes('HIDE');

function run(text: string, size = Infinity): string {
  const filter = createEventFilter(hides);
  const all = new TextEncoder().encode(text);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += size) {
    // One reused buffer per chunk: the filter may not rely on held chunks staying as they are.
    const chunk = all.slice(at, at + size);
    parts.push(...filter.push(chunk).map((part) => part.slice()));
    chunk.fill(0x3f);
  }
  parts.push(...filter.end());
  return new TextDecoder().decode(Uint8Array.from(parts.flatMap((part) => [...part])));
}

describe('event filter', () => {
  it.each([
    ['line feeds', 'data: 1\n\ndata: HIDE\n\ndata: 2\n\n', 'data: 1\n\ndata: 2\n\n'],
    ['CRLF', 'data: 1\r\n\r\ndata: HIDE\r\n\r\ndata: 2\r\n\r\n', 'data: 1\r\n\r\ndata: 2\r\n\r\n'],
    ['returns', 'data: 1\r\rdata: HIDE\r\rdata: 2\r\r', 'data: 1\r\rdata: 2\r\r'],
    [
      'name and comment of a hidden event',
      ': c\nevent: x\ndata: HIDE\nid: 3\n\n: ok\n\n',
      ': ok\n\n',
    ],
    [
      'data of several lines',
      'data: HI\ndata: DE\n\ndata: a\ndata: HIDE\n\n',
      'data: HI\ndata: DE\n\n',
    ],
    ['an unfinished hidden event', 'data: 1\n\ndata: HIDE', 'data: 1\n\n'],
    ['an unfinished visible event', 'data: 1\n\ndata: 2\n', 'data: 1\n\ndata: 2\n'],
    [
      'text outside data',
      'event: HIDE\nid: HIDE\ndata: 1\n\n: HIDE\n\n',
      'event: HIDE\nid: HIDE\ndata: 1\n\n: HIDE\n\n',
    ],
    ['blank lines', '\n\n\r\n\ndata: HIDE\n\n\n', '\n\n\r\n\n\n'],
    ['two hidden in a row', 'data: HIDE\r\n\r\ndata: HIDE\r\n\r\nx: é\r\n\r\n', 'x: é\r\n\r\n'],
  ])('hides whole events and no other byte: %s', (_, text, expected) => {
    for (let size = 1; size <= text.length + 1; size += 1) {
      expect(run(text, size)).toBe(expected);
    }
  });

  it('lets each event go as soon as its closing blank line is there', () => {
    const filter = createEventFilter(hides);
    const push = (text: string) =>
      filter
        .push(new TextEncoder().encode(text))
        .map((part) => new TextDecoder().decode(part))
        .join('');
    expect(push('data: 1\n')).toBe('');
    expect(push('\n')).toBe('data: 1\n\n');
    expect(push('data: 2\r\n\r')).toBe('data: 2\r\n\r');
    expect(push('\ndata: HIDE\r\n\r')).toBe('\n');
    expect(push('\ndata: 3')).toBe('');
  });

  it('passes an event above the maximum through as it is, and judges the next again', () => {
    const large = `data: HIDE${'x'.repeat(EVENT_BYTES_MAX)}\n\n`;
    const text = `${large}data: HIDE\n\ndata: 1\n\n`;
    expect(run(text, 65_536)).toBe(`${large}data: 1\n\n`);
  });

  it('never holds more back than the maximum, even of an event without end', () => {
    const filter = createEventFilter(hides);
    const chunk = new TextEncoder().encode('data: x'.repeat(10_000));
    let held = 0;
    for (let count = 0; count < 50; count += 1) {
      held += chunk.length;
      for (const part of filter.push(chunk)) held -= part.length;
      expect(held).toBeLessThanOrEqual(EVENT_BYTES_MAX);
    }
  });

  it('returns neighbouring visible events of one chunk as one part', () => {
    const filter = createEventFilter(hides);
    const chunk = new TextEncoder().encode('data: 1\n\ndata: 2\n\ndata: HIDE\n\ndata: 3\n\n');
    expect(filter.push(chunk)).toHaveLength(2);
  });
});

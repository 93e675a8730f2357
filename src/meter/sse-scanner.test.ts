import { describe, expect, it } from 'vitest';
import { planJson } from './json-plan.ts';
import { EVENT_NAME_BYTES_MAX, isEventStream, SseScanner } from './sse-scanner.ts';

const PLAN = planJson({ a: ['a'] }, {});

function read(text: string, size = Infinity): unknown[] {
  const events: unknown[] = [];
  const scanner = new SseScanner(PLAN, ({ name, isDone, json }) => {
    const captured = json.captured('a');
    events.push([
      name(),
      isDone ? 'done' : json.outcome,
      captured?.kind === 'value' ? captured.value : captured?.kind,
    ]);
  });
  const all = new TextEncoder().encode(text);
  for (let at = 0; at < all.length; at += size) scanner.push(all.subarray(at, at + size));
  return events;
}

describe('SSE scanner', () => {
  it.each([
    [
      'line feeds',
      'data: {"a":1}\n\ndata: {"a":2}\n\n',
      [
        ['', 'whole', 1],
        ['', 'whole', 2],
      ],
    ],
    [
      'returns',
      'data: {"a":1}\r\rdata:{"a":2}\r\r',
      [
        ['', 'whole', 1],
        ['', 'whole', 2],
      ],
    ],
    [
      'both',
      'event: x\r\ndata: {"a":1}\r\n\r\ndata: {"a":2}\r\n\r\n',
      [
        ['x', 'whole', 1],
        ['', 'whole', 2],
      ],
    ],
    [
      'mark and comments',
      '\uFEFF: hi\n:\ndata: {"a":"é"}\n: data: {"a":2}\n\n',
      [['', 'whole', 'é']],
    ],
    ['data of several lines', 'data: {"a":\ndata: 1\ndata\ndata:}\n\n', [['', 'whole', 1]]],
    [
      'other fields',
      'id: 7\nretry: 1\ndatabase: {"a":5}\nevents: y\ndata: {"a":1}\n\n',
      [['', 'whole', 1]],
    ],
    ['the last event name', 'event: x\nevent: y\ndata: 1\n\n', [['y', 'whole', undefined]]],
    ['no data, no event', 'event: x\n\ndata: 1\n\n\n\n', [['', 'whole', undefined]]],
    [
      'the sentinel',
      'data: {"a":1}\n\ndata: [DONE]\n\n',
      [
        ['', 'whole', 1],
        ['', 'done', undefined],
      ],
    ],
    [
      'no sentinel',
      'data: [DONE]x\n\ndata: ["[DONE]"]\n\n',
      [
        ['', 'malformed', undefined],
        ['', 'whole', undefined],
      ],
    ],
    [
      'malformed data',
      'data: {"a":1\n\ndata: {"a":2}\n\n',
      [
        ['', 'unfinished', undefined],
        ['', 'whole', 2],
      ],
    ],
    ['nothing from an event without its blank line', 'data: {"a":1}\n', []],
    ['only one space as separator', 'event:  x\ndata:  {"a":1}\n\n', [[' x', 'whole', 1]]],
  ])('reads %s, at every chunk size', (_, text, events) => {
    for (let size = 1; size <= text.length + 2; size += 1) expect(read(text, size)).toEqual(events);
  });

  it('cuts an event name that is longer than the maximum', () => {
    const text = `event: ${'n'.repeat(500)}\ndata: 1\n\n`;
    const cut = 'n'.repeat(EVENT_NAME_BYTES_MAX);
    for (const size of [1, 50, Infinity]) {
      expect(read(text, size)).toEqual([[cut, 'whole', undefined]]);
    }
  });

  it.each([
    ['text/event-stream', true],
    ['Text/Event-Stream; charset=utf-8', true],
    ['application/json', false],
    ['text/event-stream-x', false],
    ['', false],
  ])('knows a stream by its content type: %s', (type, is) => {
    expect(isEventStream(type)).toBe(is);
  });
});

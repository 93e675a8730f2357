import { describe, expect, it } from 'vitest';
import { HARD_SIZER } from '../../estimate/text-bytes.ts';
import type { JsonObject } from '../../providers/provider.ts';
import { OutputSeen } from './output-seen.ts';

const encoder = new TextEncoder();

function seenIn(wire: string, isEventStream = true, step = 65_536): number {
  const outputText = ({ said }: JsonObject) => String(said);
  const seen = new OutputSeen({ outputText, sizer: HARD_SIZER, isEventStream });
  const bytes = encoder.encode(wire);
  for (let from = 0; from < bytes.length; from += step) {
    seen.push(bytes.subarray(from, from + step));
  }
  return seen.tokens;
}

describe('the output that was seen', () => {
  it('is what the events say was written, and nothing of what is around it', () => {
    const event = (said: string) => `event: e\ndata: ${JSON.stringify({ said, id: 'x' })}\n\n`;
    expect(seenIn(event('abc') + event('') + event('é'))).toBe(5);
    expect(seenIn(`: still there\n\n${event('abc')}data: [DONE]\n\n`)).toBe(3);
  });

  it('is not counted twice over pieces', () => {
    const event = `data: ${JSON.stringify({ said: 'x'.repeat(300) })}\n\n`;
    expect(seenIn(event.repeat(5), true, 7)).toBe(1_500);
  });

  it('is the whole of an event that is no JSON object', () => {
    expect(seenIn('data: <html>\n\ndata: [1]\n\n')).toBe('<html>[1]'.length);
  });

  it('is more than any ceiling where it cannot be read', () => {
    expect(seenIn('{"said":"abc"}', false)).toBe(Infinity);
    const large = `data: ${JSON.stringify({ said: 'x'.repeat(1_100_000) })}\n\n`;
    expect(seenIn(large)).toBe(Infinity);
    expect(seenIn(large, true, 2_000_000)).toBe(Infinity);
  });
});

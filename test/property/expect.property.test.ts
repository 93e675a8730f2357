import fc from 'fast-check';
import { describe, it } from 'vitest';
import { LengthSeries } from '../../src/guard/expect/length-series.ts';
import { OutputSeen } from '../../src/guard/expect/output-seen.ts';
import { HARD_SIZER } from '../../src/estimate/text-bytes.ts';
import { findProvider } from '../../src/providers/registry.ts';

const WINDOW = 512;

/** Lengths as the model would have made them, each with the ceiling that it was given. */
const answers = fc.array(
  fc.record({
    length: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 5_000 })),
    ceiling: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 5_000 })),
  }),
  { minLength: 1, maxLength: 700 },
);

/** The empirical quantile, interpolated as statistics packages do (type 7). */
function empirical(lengths: readonly number[], quantile: number): number {
  const ascending = [...lengths].sort((left, right) => left - right);
  const place = (ascending.length - 1) * quantile;
  const [low, high] = [Math.floor(place), Math.ceil(place)];
  const [below, above] = [ascending[low] ?? 0, ascending[high] ?? 0];
  return below + (above - below) * (place - low);
}

describe('what is learned of lengths', () => {
  it('is never below the empirical quantile of the uncut lengths, whatever was cut', () => {
    fc.assert(
      fc.property(answers, fc.double({ min: 0.5, max: 0.999, noNaN: true }), (all, quantile) => {
        const series = new LengthSeries();
        for (const { length, ceiling } of all) series.observe(length >= ceiling ? 'cut' : length);
        const upper = series.upper(quantile) ?? Infinity;
        const lengths = all.slice(-WINDOW).map(({ length }) => length);
        // Interpolation itself rounds: a millionth of a token is no token.
        return upper >= empirical(lengths, quantile) - 1e-6;
      }),
    );
  });

  it('is never lower for an answer more that was cut', () => {
    fc.assert(
      fc.property(answers, fc.double({ min: 0.5, max: 0.999, noNaN: true }), (all, quantile) => {
        const series = new LengthSeries();
        for (const { length } of all.slice(0, WINDOW - 1)) series.observe(length);
        const before = series.upper(quantile) ?? Infinity;
        series.observe('cut');
        return (series.upper(quantile) ?? Infinity) >= before;
      }),
    );
  });
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\n\n', 'data: x', '日本語'),
);

interface Written {
  readonly wire: string;
  readonly written: string;
}

const anthropic = fc.array(text, { maxLength: 30 }).map((pieces): Written => {
  const deltas = pieces.map((piece) => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: piece },
  }));
  const events = [{ type: 'message_start', message: { id: 'm' } }, ...deltas];
  const wire = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return { wire: wire.join(''), written: pieces.join('') };
});

const chat = fc.array(text, { maxLength: 30 }).map((pieces): Written => {
  const chunks = pieces.map((content) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    model: 'gpt-4o',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  }));
  const wire = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
  return { wire: `${wire.join('')}data: [DONE]\n\n`, written: pieces.join('') };
});

describe.each([
  ['anthropic', anthropic],
  ['openai', chat],
] as const)('what is seen of a stream of %s', (name, stream) => {
  it('is at least the bytes of all that was written, however it is split', () => {
    const provider = findProvider(name);
    if (provider === undefined) throw new Error(`no provider ${name}`);
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 400 }), ({ wire, written }, step) => {
        const seen = new OutputSeen({
          outputText: (event) => provider.outputText(event),
          sizer: HARD_SIZER,
          isEventStream: true,
        });
        const bytes = new TextEncoder().encode(wire);
        for (let from = 0; from < bytes.length; from += step) {
          seen.push(bytes.subarray(from, from + step));
        }
        return seen.tokens >= new TextEncoder().encode(written).length;
      }),
    );
  });
});

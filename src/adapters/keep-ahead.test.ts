import { describe, expect, it } from 'vitest';
import { BudgetGuard } from '../guard/guard.ts';
import { StepHold } from '../guard/expect/step-hold.ts';
import { Reservation } from '../guard/reservation.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OnStreamShort } from '../policy/expect.ts';
import { createMemoryLedger } from '../stores/memory/books/memory-ledger.ts';
import { keptAhead } from './keep-ahead.ts';

const encoder = new TextEncoder();
const CHUNK = encoder.encode(
  `data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(40) } }] })}\n\n`,
);

/** A stream held for in steps of 16 tokens, over a ledger that first has to ask so many times. */
function openStream(asks: number, onStreamShort: OnStreamShort) {
  const books = createMemoryLedger();
  let left = asks;
  const ledger: Ledger = {
    ...books,
    extend: (order) => {
      left -= 1;
      return left >= 0 ? { kind: 'unavailable', cause: 'asking' } : books.extend(order);
    },
  };
  const guard = new BudgetGuard({ global_cap_usd: 1 }, { ledger });
  const drifts: string[] = [];
  guard.on('drift', ({ kind }) => drifts.push(kind));
  const body = { model: 'gpt-4o', messages: [], max_completion_tokens: 1_000, stream: true };
  const options = { expect: { stream: 'steps', stepTokens: 16 }, onStreamShort } as const;
  const reservation = guard.admit({ provider: 'openai', body, options, isSent: true });
  if (!(reservation instanceof Reservation)) throw new Error('it fits');
  const terms = { stepTokens: reservation.quote.stepped?.stepTokens, onShort: onStreamShort };
  if (terms.stepTokens === undefined) throw new Error('it is held for in steps');
  const { stepTokens } = terms;
  const steps = new StepHold(
    reservation,
    { stepTokens, onShort: onStreamShort },
    'text/event-stream',
  );
  return { reservation, steps, drifts };
}

describe('a step that a shared ledger must ask for', () => {
  it('is waited for', async () => {
    const { reservation, steps } = openStream(3, 'stop');
    expect(reservation.quote.bound.outputTokens).toBe(32);
    expect(await keptAhead(steps, CHUNK)).toBeUndefined();
    // 40 tokens are in the third step; one more is held.
    expect(reservation.quote.bound.outputTokens).toBe(64);
    reservation.release('test');
  });

  it('stops the stream when no answer comes in time', async () => {
    const { reservation, steps } = openStream(Infinity, 'stop');
    expect(await keptAhead(steps, CHUNK)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    reservation.release('test');
  });

  it('is not waited for where the stream may go on, and asked for again', async () => {
    const { reservation, steps, drifts } = openStream(1, 'let-finish');
    expect(await keptAhead(steps, CHUNK)).toBeUndefined();
    expect(reservation.quote.bound.outputTokens).toBe(32);
    expect(await keptAhead(steps, CHUNK)).toBeUndefined();
    // 80 tokens are in the sixth step.
    expect(reservation.quote.bound.outputTokens).toBe(112);
    expect(drifts).toEqual([]);
    reservation.release('test');
  });

  it('is not asked for when the hold has ended', async () => {
    const { reservation, steps } = openStream(Infinity, 'stop');
    reservation.settleUnknown('test');
    expect(await keptAhead(steps, CHUNK)).toBeUndefined();
  });
});

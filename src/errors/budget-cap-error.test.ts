import { describe, expect, it } from 'vitest';
import { calls, tokens } from '../units/count.ts';
import { nanoUsdFromUsd } from '../units/money.ts';
import { EPOCH_MS_MAX, durationMs, epochMs, after } from '../units/time.ts';
import {
  BudgetCapError,
  describeCap,
  type AccountShortfall,
  type CapRefusal,
} from './budget-cap-error.ts';
import { HardcapError, MisuseError, RefusalError } from './error.ts';

const at = epochMs(Date.UTC(2026, 0, 1, 23, 59, 50, 1))!;
const midnight = epochMs(Date.UTC(2026, 0, 2))!;

const customerDay: AccountShortfall = {
  capId: 'customer-day',
  scope: 'customer:acme',
  window: 'day',
  dimension: 'usd',
  spentNanoUsd: nanoUsdFromUsd('1.9')!,
  heldNanoUsd: nanoUsdFromUsd('0.05')!,
  capNanoUsd: nanoUsdFromUsd(2)!,
  spentTokens: tokens(1200)!,
  heldTokens: tokens(40)!,
  capTokens: undefined,
  spentCalls: calls(7)!,
  heldCalls: calls(1)!,
  capCalls: undefined,
  resetsAt: midnight,
  fitsWhenEmpty: true,
};

const refusal: CapRefusal = {
  code: 'BUDGET_CAP',
  at,
  neededNanoUsd: nanoUsdFromUsd('0.078')!,
  neededTokens: tokens(500)!,
  model: 'claude-sonnet-4-5',
  binding: customerDay,
  accounts: [customerDay],
  affordableOutputTokens: tokens(320)!,
};

describe('a cap refusal is legible', () => {
  it('has the fields that the public surface promises, in dollars and whole seconds', () => {
    const error = new BudgetCapError(refusal);
    expect(error).toMatchObject({
      name: 'BudgetCapError',
      code: 'BUDGET_CAP',
      kind: 'refusal',
      status: 402,
      retryable: false,
      scope: 'customer:acme',
      spend_usd: 1.9,
      held_usd: 0.05,
      cap_usd: 2,
      needed_usd: 0.078,
      window: 'day',
      retry_after: 10,
      resets_at: '2026-01-02T00:00:00.000Z',
      affordable_output_tokens: 320,
    });
  });

  it('says in one line what was asked, what is left, where, until when, and what would fit', () => {
    expect(new BudgetCapError(refusal).message).toBe(
      'This call to claude-sonnet-4-5 may cost up to $0.078, but customer:acme has $1.90 spent ' +
        'and $0.05 held of its $2.00 cap per day. Room returns at 2026-01-02T00:00:00.000Z. ' +
        'Nothing was sent. It would fit with an output ceiling of 320 tokens.',
    );
  });

  it.each([
    [
      'tokens',
      { dimension: 'tokens', capTokens: tokens(1500)! },
      '500 tokens, but customer:acme has 1200 spent and 40 held of 1500 tokens per day.',
    ],
    [
      'calls',
      { dimension: 'calls', capCalls: calls(8)! },
      '1 call ($0.078), but customer:acme has 7 made and 1 in flight of 8 calls per day.',
    ],
    ['a lifetime cap', { window: 'lifetime', resetsAt: null }, 'This cap never resets'],
    ['a call above the whole cap', { fitsWhenEmpty: false }, 'larger than the whole cap'],
    [
      'a closed budget',
      { fitsWhenEmpty: false, isClosed: true },
      'cannot be held: customer:acme was closed, itself or by the one above it. Use a budget ' +
        'that is open. Nothing was sent.',
    ],
  ] as const)('words %s in its own unit', (_name, changed, expected) => {
    const binding = { ...customerDay, ...changed };
    expect(new BudgetCapError({ ...refusal, binding }).message).toContain(expected);
  });

  it('retry_after is null exactly when the binding account never resets', () => {
    const never = { ...customerDay, resetsAt: null };
    const error = new BudgetCapError({ ...refusal, binding: never, accounts: [never] });
    expect(error.retry_after).toBeNull();
    expect(error.resets_at).toBeNull();
    expect(error.accounts[0]?.resets_at).toBeNull();
  });

  it('retry_after is the literal reset even for a call above the whole cap', () => {
    const tooLarge = { ...customerDay, fitsWhenEmpty: false };
    const error = new BudgetCapError({ ...refusal, binding: tooLarge, accounts: [tooLarge] });
    expect(error.retry_after).toBe(10);
    expect(error.accounts[0]?.fits_when_empty).toBe(false);
  });

  it('retry_after rounds up, and is 0 when the reset has already passed', () => {
    const soon = { ...customerDay, resetsAt: after(at, durationMs(1)!) };
    expect(new BudgetCapError({ ...refusal, binding: soon }).retry_after).toBe(1);
    const past = { ...customerDay, resetsAt: epochMs(at - 5000)! };
    expect(new BudgetCapError({ ...refusal, binding: past }).retry_after).toBe(0);
  });

  it('the farthest reset that the units allow still has a date', () => {
    const far = { ...customerDay, resetsAt: after(at, durationMs(Number.MAX_SAFE_INTEGER)!) };
    expect(far.resetsAt).toBe(EPOCH_MS_MAX);
    const error = new BudgetCapError({ ...refusal, binding: far, accounts: [far] });
    expect(error.resets_at).toBe('+275760-09-13T00:00:00.000Z');
  });

  it('unknown ceilings are null, never zero', () => {
    const inCalls = { ...customerDay, capNanoUsd: undefined, capCalls: calls(8)! };
    const error = new BudgetCapError({
      ...refusal,
      binding: inCalls,
      accounts: [inCalls],
      affordableOutputTokens: undefined,
    });
    expect(error.cap_usd).toBeNull();
    expect(error.affordable_output_tokens).toBeNull();
    expect(error.accounts[0]).toMatchObject({ cap_usd: null, cap_tokens: null, cap_calls: 8 });
  });

  it('its JSON form is plain and holds every account that is short', () => {
    const global = { ...customerDay, capId: 'global-day', scope: 'global' };
    const error = new BudgetCapError({ ...refusal, accounts: [customerDay, global] });
    const json = JSON.parse(JSON.stringify(error)) as BudgetCapError;
    expect(json).toEqual(error.toJSON());
    expect(json.accounts.map((account) => account.scope)).toEqual(['customer:acme', 'global']);
    expect(json).toMatchObject({ name: 'BudgetCapError', spend_usd: 1.9, retry_after: 10 });
  });
});

describe('an error that an SDK made becomes a cap refusal', () => {
  class PaymentRequiredError extends Error {
    readonly headers = { 'x-request-id': 'req_1' };
  }

  it('is an instance of both, with the SDK fields kept', () => {
    const error = new PaymentRequiredError('402 payment required');
    describeCap(error, refusal);
    expect(error).toBeInstanceOf(PaymentRequiredError);
    expect(error instanceof BudgetCapError).toBe(true);
    expect(error instanceof RefusalError && error instanceof HardcapError).toBe(true);
    expect(error instanceof MisuseError).toBe(false);
    expect(error.headers).toEqual({ 'x-request-id': 'req_1' });
  });

  it('has the same message, fields and JSON form as one made here', () => {
    const error = new PaymentRequiredError('402 payment required');
    describeCap(error, refusal);
    const own = new BudgetCapError(refusal);
    expect(error.message).toBe(own.message);
    expect(JSON.parse(JSON.stringify(error))).toEqual(JSON.parse(JSON.stringify(own)));
    expect(BudgetCapError.isInstance(error)).toBe(true);
  });

  it('a refusal of another kind is no BudgetCapError', () => {
    expect(new RefusalError('PRICE_UNKNOWN', 'No card.') instanceof BudgetCapError).toBe(false);
  });
});

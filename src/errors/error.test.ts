import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  HardcapError,
  IntegrityError,
  MisuseError,
  OperationError,
  RefusalError,
  invariant,
  markError,
} from './error.ts';

describe('errors are known across copies of the package', () => {
  it('an object marked by another copy is an instance of the same classes here', () => {
    const foreign = Object.assign(new Error('from the other copy'), {
      [Symbol.for('hardcap.error')]: true,
      [Symbol.for('hardcap.error.refusal')]: true,
    });
    expect(foreign instanceof HardcapError).toBe(true);
    expect(foreign instanceof RefusalError).toBe(true);
    expect(RefusalError.isInstance(foreign)).toBe(true);
    expect(foreign instanceof MisuseError).toBe(false);
  });

  it.each([undefined, null, 'BUDGET_CAP', 402, {}, new Error('plain'), () => 1])(
    'what is not ours is no instance: %s',
    (value) => {
      expect(value instanceof HardcapError).toBe(false);
      expect(HardcapError.isInstance(value)).toBe(false);
    },
  );

  it('a subclass is an instance of its parents and not of its siblings', () => {
    const error = new ConfigError({ field: 'x', value: 1, reason: 'unknown field' });
    expect(error instanceof ConfigError && error instanceof MisuseError).toBe(true);
    expect(error instanceof RefusalError || error instanceof OperationError).toBe(false);
    expect(new MisuseError('HANDLE_SPENT', 'Spent.') instanceof ConfigError).toBe(false);
  });
});

describe('no client re-sends an error of ours', () => {
  it('every mark that a client reads is an own property', () => {
    const error = new RefusalError('PRICE_UNKNOWN', 'No card.');
    const own = (key: string | symbol) => Object.getOwnPropertyDescriptor(error, key)?.value;
    expect(own('status')).toBe(402);
    expect(own('statusCode')).toBe(402);
    expect(own('retryable')).toBe(false);
    expect(own('isRetryable')).toBe(false);
    expect(own(Symbol.for('langchain.errors.retryable'))).toBe(false);
    expect(own(Symbol.for('vercel.ai.error'))).toBe(true);
    expect(own(Symbol.for('vercel.ai.error.AI_APICallError'))).toBe(true);
  });

  it('marking an SDK error keeps its prototype and its own fields', () => {
    class SdkError extends Error {
      readonly requestId = 'req_1';
    }
    const error = new SdkError('402');
    markError(error, RefusalError.marker, { name: 'RefusalError', code: 'ROUTE_UNKNOWN' });
    expect(error).toBeInstanceOf(SdkError);
    expect(error.requestId).toBe('req_1');
    expect(error instanceof RefusalError).toBe(true);
    expect(error).toMatchObject({ code: 'ROUTE_UNKNOWN', status: 402, retryable: false });
  });
});

describe('an error says what it is', () => {
  it('carries name, message and cause', () => {
    const cause = new Error('socket closed');
    const error = new OperationError('STORE_UNAVAILABLE', 'No answer.', { cause });
    expect(error).toMatchObject({ name: 'OperationError', message: 'No answer.', cause });
    expect(String(error)).toBe('OperationError: No answer.');
    expect(error.stack).toContain('No answer.');
  });

  it('a broken invariant names what must hold', () => {
    expect(() => invariant(false, 'held is never negative')).toThrow(IntegrityError);
    expect(() => invariant(false, 'held is never negative')).toThrow(
      'Must hold: held is never negative.',
    );
    expect(() => invariant(true, 'held is never negative')).not.toThrow();
  });

  it('a config error names field, value, reason and the nearest valid form', () => {
    const error = new ConfigError({
      field: 'caps[0].window',
      value: 'dya',
      nearest: '"day"',
      reason: 'unknown window',
    });
    expect(error.message).toBe(
      'caps[0].window = "dya": unknown window. Nearest valid form: "day".',
    );
    expect(error).toMatchObject({ field: 'caps[0].window', value: 'dya', nearest: '"day"' });
  });

  const circular: Record<string, unknown> = {};
  circular['self'] = circular;

  it.each([
    ['NaN', Number.NaN, 'NaN'],
    ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['a bigint', 10n ** 30n, `1${'0'.repeat(30)}`],
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('day'), 'Symbol(day)'],
    ['a list', [1, 2], '[1,2]'],
    ['an object with a bigint in it', { usd: 1n }, 'object'],
    ['a circular object', circular, 'object'],
  ])('a config error about %s shows it, and its JSON form never throws', (_name, value, shown) => {
    const error = new ConfigError({ field: 'usd', value, reason: 'not an amount' });
    expect(error.message).toBe(`usd = ${shown}: not an amount.`);
    const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>;
    expect(json).toMatchObject({ name: 'ConfigError', code: 'CONFIG_INVALID', status: 400 });
    expect(json).toMatchObject({ field: 'usd', value: shown, nearest: null });
  });
});

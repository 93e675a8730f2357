import { describe, expect, it } from 'vitest';
import type { BudgetCapError } from '../errors/budget-cap-error.ts';
import { ConfigError, IntegrityError, OperationError, RefusalError } from '../errors/error.ts';
import type { HardcapError } from '../errors/error.ts';
import { BudgetGuard } from '../guard/guard.ts';
import { nanoUsdFromUsd } from '../units/money.ts';
import { remainingRefusal } from './admission.ts';
import { answerTo } from './answer.ts';
import { attribute, VALUE_CHARS_MAX, type RequestFacts } from './attribution.ts';
import { hardcapExpress } from './express.ts';
import { CAUSES_MAX, hardcapErrorIn } from './find-error.ts';
import { readCapsOptions, type CapsOptions } from './settings.ts';

const guardOf = (usd: number) => new BudgetGuard({ per_customer_cap_per_day_usd: usd });
const MIN = nanoUsdFromUsd('0.5');

function capError(): BudgetCapError {
  const balances = guardOf(0.25).balance({ customer: 'acme' });
  const error = MIN === undefined ? undefined : remainingRefusal(balances, MIN);
  if (error === undefined) throw new Error('The cap was expected to be too small.');
  return error;
}

describe('an error of ours is found', () => {
  const cap = capError();
  const store = new OperationError('STORE_UNAVAILABLE', 'gone');

  it.each([
    ['as it is', cap],
    ['as a cause of a cause', new Error('1', { cause: new Error('2', { cause: cap }) })],
    ['in an aggregate', new AggregateError([new Error('1'), cap])],
    ['as the last error of a retry', Object.assign(new Error('1'), { lastError: cap })],
    ['in a plain object', { cause: cap }],
    ['behind another error of ours', new OperationError('UPSTREAM_FAILED', 'x', { cause: cap })],
  ])('%s', (_name, error) => {
    expect(hardcapErrorIn(error)).toBe(cap);
  });

  it('of another kind too, and not in what is none', () => {
    expect(hardcapErrorIn(new Error('1', { cause: store }))).toBe(store);
    for (const none of [undefined, null, 'BUDGET_CAP', 7, new Error('1'), { code: 'BUDGET_CAP' }]) {
      expect(hardcapErrorIn(none)).toBeUndefined();
    }
  });

  it('in a circle and in a crowd, which both end', () => {
    const circle: { cause?: unknown } = new Error('1');
    circle.cause = new AggregateError([circle, circle]);
    expect(hardcapErrorIn(circle)).toBeUndefined();
    const crowd = new AggregateError(Array.from({ length: 100_000 }, () => new Error('1')));
    expect(hardcapErrorIn(crowd)).toBeUndefined();
    let deep: Error = cap;
    for (let depth = 0; depth < CAUSES_MAX + 1; depth += 1) deep = new Error('1', { cause: deep });
    expect(hardcapErrorIn(deep)).toBeUndefined();
  });
});

describe('whose request it is', () => {
  const facts = (
    request: unknown,
    headers: Record<string, string> = {},
  ): RequestFacts<unknown> => ({
    request,
    key: {},
    header: (name) => headers[name],
    route: () => '/chat/:id',
    log: () => undefined,
  });
  const ask = (options: CapsOptions<unknown>, request: unknown, headers?: Record<string, string>) =>
    attribute(facts(request, headers), readCapsOptions(options));
  const given: CapsOptions<unknown> = { scopes: (request) => request as Record<string, string> };

  it.each([
    ['a word', { customer: 'acme' }],
    ['an address', { customer: 'a.b+c@example.com' }],
    ['an identity of Auth0', { customer: 'auth0|5f7c8ec7c33c6c004bbafe82' }],
    ['words of any script', { customer: 'Müller 株式会社' }],
    ['a value as long as may be', { customer: 'a'.repeat(VALUE_CHARS_MAX) }],
    ['a name that objects have', { customer: '__proto__', constructor: 'x' }],
  ])('is said by %s', async (_name, scopes) => {
    expect(await ask(given, scopes)).toEqual({ kind: 'attributed', layers: [scopes] });
  });

  it.each([
    ['a number', { customer: 7 }],
    ['nothing', { customer: null }],
    ['a list', { customer: ['acme'] }],
    ['an object', { customer: { id: 'acme' } }],
    ['no text', { customer: '' }],
    ['too much text', { customer: 'a'.repeat(VALUE_CHARS_MAX + 1) }],
    ['spaces around', { customer: ' acme' }],
    ['a line break', { customer: 'acme\nother' }],
    ['a zero byte', { customer: 'acme\0' }],
    ['a character of no width', { customer: 'ac\u200bme' }],
    ['text that turns around', { customer: 'ac\u202eme' }],
    ['half a character', { customer: '\ud800' }],
    ['a space that looks like one', { customer: 'ac\u00a0me' }],
    ['a form of its own', { customer: 'e\u0301' }],
    ['a pattern', { customer: 'acme*' }],
    ['the shared account', { customer: 'unattributed' }],
    ['a budget', { $budget: 'budget-1' }],
    ['an impossible dimension', { 'a b': 'c' }],
    ['everybody', { global: 'x' }],
    ['an own prototype', JSON.parse('{"__proto__":"x"}') as object],
    ['text instead of scopes', 'acme'],
    ['a list of scopes', [{ customer: 'acme' }]],
  ])('is not said by %s', async (_name, scopes) => {
    const said = await ask(given, scopes);
    expect(said).toMatchObject({ kind: 'refused', status: 400 });
    expect(said.kind === 'refused' && said.error.code).toBe('REQUEST_INVALID');
  });

  it('is drawn on as well where a header and the application differ', async () => {
    const options = { ...given, trustedHeaders: { customer: 'X-Customer' } };
    const said = await ask(options, { customer: 'acme' }, { 'x-customer': 'other' });
    expect(said).toMatchObject({ layers: [{ customer: 'other' }, { customer: 'acme' }] });
  });

  it('is not said by two headers that a proxy has joined', async () => {
    const options = { trustedHeaders: { customer: 'x-customer' } };
    expect(await ask(options, {}, { 'x-customer': 'forged, acme' })).toMatchObject({ status: 400 });
  });

  it('must be said where it is required; a property that every object has is not it', async () => {
    const refused = { kind: 'refused', status: 403, error: { code: 'SCOPE_MISSING' } };
    expect(await ask({ ...given, required: ['customer'] }, {})).toMatchObject(refused);
    expect(await ask({ ...given, required: ['constructor'] }, {})).toMatchObject(refused);
    expect(await ask({ ...given, required: ['customer'] }, { customer: undefined })).toMatchObject(
      refused,
    );
  });

  it('includes the route when asked: its pattern, which no caller can vary', async () => {
    const said = await ask({ ...given, routeAsFeature: true }, { customer: 'acme' });
    expect(said).toMatchObject({ layers: [{ customer: 'acme' }, { feature: '/chat/:id' }] });
  });

  it('and where no route is known yet, the developer is told', async () => {
    const early = { ...facts({}), route: () => undefined };
    await expect(attribute(early, readCapsOptions({ routeAsFeature: true }))).rejects.toThrow(
      ConfigError,
    );
  });
});

describe('an answer', () => {
  const settings = { refusalStatus: 402, missingStatus: 403, reveal: 'own' } as const;
  const nobody: ReadonlySet<string> = new Set();

  it.each<[string, HardcapError, number]>([
    ['a cap', capError(), 402],
    ['a missing scope', new RefusalError('SCOPE_MISSING', 'secret'), 403],
    ['an unknown price', new RefusalError('PRICE_UNKNOWN', 'secret'), 500],
    ['a store', new OperationError('STORE_UNAVAILABLE', 'secret'), 503],
    ['a bug', new IntegrityError('secret'), 500],
  ])('to %s has its status and tells nothing', (_name, error, status) => {
    const answer = answerTo(error, { settings, own: nobody });
    expect(answer.status).toBe(status);
    const text = JSON.stringify(answer);
    expect(text).not.toContain('secret');
    expect(text).not.toContain('0.25');
    expect(answer.headers).not.toHaveProperty('retry-after');
  });

  it('shows figures to nobody but the one account’s own caller', () => {
    const error = capError();
    const shown = (own: string) =>
      JSON.stringify(answerTo(error, { settings, own: new Set([own]) })).includes('0.25');
    expect(shown('customer:acme')).toBe(true);
    expect(shown('customer:acm')).toBe(false);
    expect(shown('customer:other')).toBe(false);
    expect(shown('global')).toBe(false);
  });
});

describe('what is left', () => {
  it('is compared to the nano-dollar, in caps that are enforced', () => {
    const exact = nanoUsdFromUsd('0.25');
    const above = nanoUsdFromUsd('0.250000001');
    if (exact === undefined || above === undefined) throw new Error('Both are amounts.');
    const balances = guardOf(0.25).balance({ customer: 'acme' });
    expect(remainingRefusal(balances, exact)).toBeUndefined();
    expect(remainingRefusal(balances, above)).toMatchObject({
      scope: 'customer:acme',
      needed_usd: 0.250000001,
    });
    const observed = balances.map((balance) => ({ ...balance, mode: 'observe' as const }));
    expect(remainingRefusal(observed, above)).toBeUndefined();
  });

  it('binds by the cap that resets last; one that never resets is later than all', () => {
    const guard = new BudgetGuard({
      global_cap_per_hour_usd: 0.1,
      per_customer_cap_usd: 0.2,
      global_cap_per_day_usd: 0.3,
    });
    const error =
      MIN === undefined ? undefined : remainingRefusal(guard.balance({ customer: 'acme' }), MIN);
    expect(error?.accounts.map(({ window }) => window)).toEqual(['lifetime', 'day', 'hour']);
    expect(error?.retry_after).toBeNull();
  });
});

describe('an option that cannot be meant', () => {
  it.each([
    ['an unknown one', { require: ['customer'] }, 'required'],
    ['a status that means something else', { refusalStatus: 200 }, '402'],
    ['a negative amount', { minRemainingUsd: -1 }, '0.01'],
    ['no amount', { minRemainingUsd: Number.NaN }, '0.01'],
    ['a word for a list', { required: 'customer' }, '["customer"]'],
    ['a header that cannot be', { trustedHeaders: { customer: 'x customer' } }, 'x-customer-id'],
    ['a dimension that cannot be', { ownDimensions: ['a b'] }, '["customer"]'],
    ['scopes that are no function', { scopes: { customer: 'acme' } }, 'request'],
  ])('is refused at construction: %s', (_name, options, nearest) => {
    const make = () => hardcapExpress(guardOf(1), options as unknown as CapsOptions<never>);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(nearest);
  });
});

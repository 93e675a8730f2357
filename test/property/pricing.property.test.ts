import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UsageBound } from '../../src/estimate/usage-bound.ts';
import { TOKEN_CLASSES } from '../../src/meter/usage.ts';
import type { FeeKind, ServiceTier, TokenClass, Usage, UsageLine } from '../../src/meter/usage.ts';
import { boundCost, cost } from '../../src/pricing/cost.ts';
import { bundledCards } from '../../src/pricing/price-book.ts';
import type { PriceCard, Rates, Ratio } from '../../src/pricing/price-card.ts';
import { tokens } from '../../src/units/count.ts';
import { picoUsd } from '../../src/units/money.ts';

const INPUT: readonly TokenClass[] = TOKEN_CLASSES.filter((name) => !/output/i.test(name));
const OUTPUT: readonly TokenClass[] = TOKEN_CLASSES.filter((name) => /output/i.test(name));
const FEES: readonly FeeKind[] = ['webSearch', 'fileSearch', 'codeSession', 'image'];
const TIERS: readonly ServiceTier[] = ['standard', 'priority', 'flex', 'batch'];
const GEOS = ['us', 'eu', 'moon'];

/** An independent model of the arithmetic: one fraction of bigints, rounded up at the very end. */
function naiveCost(usage: Usage, card: PriceCard): bigint | undefined {
  let [over, under] = [0n, 1n];
  for (const line of usage.lines) {
    let read = 0n;
    for (const name of INPUT) read += BigInt(line.tokens[name] ?? 0);
    const long = card.longContext;
    const set = long !== undefined && read > BigInt(long.aboveInputTokens) ? long : card;
    const tier = line.serviceTier ?? 'standard';
    const rates = tier === 'standard' ? set.rates : set[tier];
    if (rates === undefined) return undefined;
    let pico = 0n;
    for (const name of TOKEN_CLASSES) {
      const count = BigInt(line.tokens[name] ?? 0);
      if (count === 0n) continue;
      if (rates[name] === undefined) return undefined;
      pico += count * BigInt(rates[name]);
    }
    if (line.isFast && card.fast === undefined) return undefined;
    const factors = [line.isFast ? card.fast : undefined, card.geos[line.geo ?? '']];
    let lineUnder = 1n;
    for (const factor of factors) {
      pico *= BigInt(factor?.over ?? 1);
      lineUnder *= BigInt(factor?.under ?? 1);
    }
    for (const kind of FEES) {
      const count = BigInt(line.fees[kind] ?? 0);
      if (count === 0n) continue;
      if (card.fees[kind] === undefined) return undefined;
      pico += count * BigInt(card.fees[kind]) * lineUnder;
    }
    [over, under] = [over * lineUnder + pico * under, under * lineUnder];
  }
  const nano = (over + under * 1000n - 1n) / (under * 1000n);
  return nano > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : nano;
}

const rateOf = fc
  .oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 600_000_000 }))
  .map((value) => picoUsd(value)!);
const ratioOf: fc.Arbitrary<Ratio> = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12 }))
  .map(([over, under]) => ({ over, under }));

/** Rates of a random subset of the classes; in `all` mode of every class. */
function ratesOf(all: boolean): fc.Arbitrary<Rates> {
  const model = Object.fromEntries(TOKEN_CLASSES.map((name) => [name, rateOf]));
  const record: fc.Arbitrary<Partial<Record<TokenClass, number>>> = all
    ? fc.record(model)
    : fc.record(model, { requiredKeys: [] });
  return record as fc.Arbitrary<Rates>;
}

/** Cards without any order between classes, tiers or lengths: dearer than the validator allows too. */
function cardOf(all: boolean): fc.Arbitrary<PriceCard> {
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const rates = ratesOf(all);
  return fc.record({
    provider: fc.constant('test'),
    model: fc.constant('m'),
    effectiveFrom: fc.constant(null),
    rates,
    longContext: maybe(
      fc.record({
        aboveInputTokens: fc.integer({ min: 0, max: 3_000 }).map((count) => tokens(count)!),
        rates,
        priority: maybe(rates),
        flex: maybe(rates),
        batch: maybe(rates),
      }),
    ),
    priority: maybe(rates),
    flex: maybe(rates),
    batch: maybe(rates),
    fast: maybe(ratioOf),
    geos: fc.dictionary(fc.constantFrom('us', 'eu'), ratioOf, { noNullPrototype: true }),
    fees: fc.record(Object.fromEntries(FEES.map((kind) => [kind, rateOf])), {
      requiredKeys: all ? FEES.slice() : [],
    }),
    inputTokensMax: fc.constant(undefined),
    outputTokensMax: fc.constant(undefined),
    source: fc.constant('generated'),
  });
}

const countOf = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }),
  fc.integer({ min: 0, max: 1_050_000 }),
  fc.integer({ min: 0, max: 2 ** 40 }),
);

const boundOf: fc.Arbitrary<UsageBound> = fc.record({
  inputTokens: countOf.map((count) => tokens(count)!),
  outputTokens: countOf.map((count) => tokens(count)!),
  inputClasses: fc.subarray([...INPUT], { minLength: 1 }),
  outputClasses: fc.subarray([...OUTPUT], { minLength: 1 }),
  fees: fc.record(Object.fromEntries(FEES.map((kind) => [kind, fc.integer({ min: 0, max: 50 })])), {
    requiredKeys: [],
  }),
  serviceTiers: fc.subarray([...TIERS], { minLength: 1 }),
  mayBeFast: fc.boolean(),
  geos: fc.subarray(GEOS),
  maySampleAgain: fc.boolean(),
});

/** Up to `total` tokens split over `classes` in any way. */
function splitOf(total: number, classes: readonly TokenClass[]) {
  return fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: classes.length,
      maxLength: classes.length,
    })
    .chain((weights) =>
      fc.tuple(
        fc.constant(weights),
        fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
      ),
    )
    .map(([weights, share]) => {
      const sum = weights.reduce((left, right) => left + right, 0) || 1;
      let left = Math.floor(total * share);
      return classes.map((name, index) => {
        const isLast = index === classes.length - 1;
        const count = isLast
          ? left
          : Math.min(left, Math.floor((total * share * weights[index]!) / sum));
        left -= count;
        return [name, tokens(count)!] as const;
      });
    });
}

/** Any usage of one to three lines that is within the bound. */
function usageWithin(bound: UsageBound): fc.Arbitrary<Usage> {
  return fc.integer({ min: 1, max: 3 }).chain((lines) => {
    const part = (count: number) => Math.floor(count / lines);
    const lineOf: fc.Arbitrary<UsageLine> = fc
      .record({
        input: splitOf(part(bound.inputTokens), bound.inputClasses),
        output: splitOf(part(bound.outputTokens), bound.outputClasses),
        serviceTier: fc.constantFrom(...bound.serviceTiers),
        isFast: bound.mayBeFast ? fc.boolean() : fc.constant(false),
        geo: fc.constantFrom<(string | undefined)[]>(undefined, 'global', ...bound.geos),
      })
      .map(({ input, output, ...rest }) => ({
        model: undefined,
        tokens: Object.fromEntries([...input, ...output]),
        fees: Object.fromEntries(FEES.map((kind) => [kind, part(bound.fees[kind] ?? 0)])),
        ...rest,
      }));
    return fc.array(lineOf, { minLength: lines, maxLength: lines }).map((all) => ({ lines: all }));
  });
}

const runs = { numRuns: 2_000 };
const isPriced = (value: unknown): value is number => typeof value === 'number';

describe('pricing', () => {
  it('cost equals the exact fraction, rounded up once: numbers and bigint alike', () => {
    const scenario = fc
      .tuple(cardOf(false), boundOf)
      .chain(([card, bound]) => fc.tuple(fc.constant(card), usageWithin(bound)));
    let priced = 0;
    let saturated = 0;
    fc.assert(
      fc.property(scenario, ([card, usage]) => {
        const expected = naiveCost(usage, card);
        const actual = cost(usage, () => card);
        if (isPriced(actual)) priced += 1;
        if (actual === Number.MAX_SAFE_INTEGER) saturated += 1;
        expect(isPriced(actual) ? BigInt(actual) : undefined).toBe(expected);
      }),
      runs,
    );
    expect(priced).toBeGreaterThan(100);
    expect(saturated).toBeLessThan(priced);
  });

  it('no usage within a bound costs more than the bound', () => {
    const scenario = fc
      .tuple(fc.boolean().chain(cardOf), boundOf)
      .chain(([card, bound]) =>
        fc.tuple(fc.constant(card), fc.constant(bound), usageWithin(bound)),
      );
    let compared = 0;
    fc.assert(
      fc.property(scenario, ([card, bound, usage]) => {
        const most = boundCost(bound, card);
        const actual = cost(usage, () => card);
        if (!isPriced(most) || !isPriced(actual)) return;
        compared += 1;
        expect(actual).toBeLessThanOrEqual(most);
      }),
      runs,
    );
    expect(compared).toBeGreaterThan(500);
  });

  it('a priced bound prices every usage within it at the tiers that the card serves', () => {
    const scenario = fc
      .tuple(cardOf(false), boundOf)
      .chain(([card, bound]) =>
        fc.tuple(fc.constant(card), fc.constant(bound), usageWithin(bound)),
      );
    let checked = 0;
    fc.assert(
      fc.property(scenario, ([card, bound, usage]) => {
        if (
          !isPriced(boundCost(bound, card)) ||
          bound.inputTokens === 0 ||
          bound.outputTokens === 0
        )
          return;
        const isServed = usage.lines.every(({ serviceTier }) => {
          const sets = card.longContext === undefined ? [card] : [card, card.longContext];
          return serviceTier === 'standard' || sets.every((set) => set[serviceTier!] !== undefined);
        });
        if (!isServed) return;
        checked += 1;
        expect(isPriced(cost(usage, () => card))).toBe(true);
      }),
      runs,
    );
    expect(checked).toBeGreaterThan(20);
  });

  it('the bound grows with every count', () => {
    fc.assert(
      fc.property(cardOf(true), boundOf, countOf, (card, bound, more) => {
        const least = boundCost(bound, card);
        if (!isPriced(least)) return;
        for (const side of ['inputTokens', 'outputTokens'] as const) {
          const wider = boundCost({ ...bound, [side]: tokens(bound[side] + more)! }, card);
          if (isPriced(wider)) expect(wider).toBeGreaterThanOrEqual(least);
        }
      }),
      runs,
    );
  });

  it('the bound of every bundled card is reached by some usage within it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...bundledCards()),
        fc.integer({ min: 1, max: 1_050_000 }),
        fc.integer({ min: 0, max: 128_000 }),
        (card, input, output) => {
          const inputClasses = (
            ['input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h'] as const
          ).filter((name) => card.rates[name] !== undefined);
          const outputClasses: TokenClass[] = card.rates.output === undefined ? [] : ['output'];
          const outputTokens = tokens(outputClasses.length === 0 ? 0 : output)!;
          const bound: UsageBound = {
            inputTokens: tokens(input)!,
            outputTokens,
            inputClasses,
            outputClasses,
            fees: {},
            serviceTiers: ['standard'],
            mayBeFast: false,
            geos: Object.keys(card.geos),
            maySampleAgain: false,
          };
          const candidates = inputClasses.flatMap((name) =>
            [undefined, ...bound.geos].map((geo) => {
              const line: UsageLine = {
                model: undefined,
                tokens: { [name]: tokens(input)!, output: outputTokens },
                fees: {},
                serviceTier: 'standard',
                isFast: false,
                geo,
              };
              return cost({ lines: [line] }, () => card) as number;
            }),
          );
          expect(boundCost(bound, card)).toBe(Math.max(...candidates));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

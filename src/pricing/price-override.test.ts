import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/error.ts';
import { cardFromOverride, type PriceOverride } from './price-override.ts';

const good: PriceOverride = {
  provider: 'local',
  model: 'llama',
  usdPerMillion: { input: '0.003625', output: 15, cacheRead: 0 },
  usdPerUse: { webSearch: '0.01' },
  inputTokensMax: 8192,
};

describe('price override', () => {
  it('reads dollars exactly, from numbers and decimal strings', () => {
    const card = cardFromOverride(good, 0);
    expect(card.rates).toEqual({ input: 3_625, output: 15_000_000, cacheRead: 0 });
    expect(card.fees).toEqual({ webSearch: 10_000_000_000 });
    expect(card).toMatchObject({ inputTokensMax: 8192, outputTokensMax: undefined, geos: {} });
  });

  it('takes 0 as free', () => {
    expect(cardFromOverride({ ...good, usdPerMillion: { input: 0 } }, 0).rates).toEqual({
      input: 0,
    });
  });

  it.each([
    [{ usdPerMillion: { input: -1 } }, 'prices[2].usdPerMillion.input'],
    [{ usdPerMillion: { input: Number.NaN } }, 'prices[2].usdPerMillion.input'],
    [{ usdPerMillion: { input: Number.POSITIVE_INFINITY } }, 'prices[2].usdPerMillion.input'],
    [{ usdPerMillion: { input: '0.0036251' } }, 'prices[2].usdPerMillion.input'],
    [{ usdPerMillion: { output: '$3' } }, 'prices[2].usdPerMillion.output'],
    [{ usdPerMillion: { input: null } }, 'prices[2].usdPerMillion.input'],
    [{ usdPerMillion: { inputs: 3 } }, 'prices[2].usdPerMillion.inputs'],
    [{ usdPerMillion: {} }, 'prices[2].usdPerMillion'],
    [{ usdPerMillion: null }, 'prices[2].usdPerMillion'],
    [{ usdPerUse: { webSearch: -0.01 } }, 'prices[2].usdPerUse.webSearch'],
    [{ inputTokensMax: 0 }, 'prices[2].inputTokensMax'],
    [{ outputTokensMax: 1.5 }, 'prices[2].outputTokensMax'],
    [{ model: '' }, 'prices[2].model'],
    [{ provider: 7 }, 'prices[2].provider'],
  ])('refuses %j and names the field', (part, field) => {
    const override = { ...good, ...part } as unknown as PriceOverride;
    let thrown: unknown;
    try {
      cardFromOverride(override, 2);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as ConfigError).field).toBe(field);
  });

  it('refuses a price per token given as one per million, and says what was meant', () => {
    const slip = { ...good, usdPerMillion: { input: 0.000003, output: 15 } };
    expect(() => cardFromOverride(slip, 0)).toThrow(/per token.*Nearest valid form: 3\./);
  });

  it('names the class that a misspelt one is nearest to', () => {
    const slip = { ...good, usdPerMillion: { cacheread: 1 } } as unknown as PriceOverride;
    expect(() => cardFromOverride(slip, 0)).toThrow(/Nearest valid form: cacheRead\./);
  });
});

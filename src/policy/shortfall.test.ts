import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../errors/budget-cap-error.ts';
import { IntegrityError } from '../errors/error.ts';
import type { Account, Amounts, Ceiling } from '../ledger/account.ts';
import type { Short } from '../ledger/ledger.ts';
import { calls, tokens } from '../units/count.ts';
import { nanoUsd } from '../units/money.ts';
import { epochMs } from '../units/time.ts';
import { capRefusal, roomReturnsAt } from './shortfall.ts';

const AT = epochMs(1_000_000)!;
const OPEN: Ceiling = { usd: undefined, tokens: undefined, calls: undefined };

function amounts({ usd = 0, token = 0, call = 0 }): Amounts {
  return { usd: nanoUsd(usd)!, tokens: tokens(token)!, calls: calls(call)! };
}

function account(
  name: string,
  ceiling: Partial<Ceiling>,
  leaves: readonly (number | null)[],
): Account {
  return {
    capId: name,
    scope: name,
    window: 'day',
    ceiling: { ...OPEN, ...ceiling },
    mode: 'enforce',
    parts: leaves.map((at, index) => ({
      key: `${name}|x|${index}`,
      leavesAt: at === null ? null : epochMs(at)!,
    })),
  };
}

/** A short account whose parts hold `taken`; of the whole, `held` is held. */
function short(
  of: Account,
  taken: readonly Amounts[],
  { held = 0, dimension = 'usd' }: { held?: number; dimension?: Short['dimension'] } = {},
): Short {
  const sum = (pick: (each: Amounts) => number): number =>
    taken.reduce((total, each) => Math.min(total + pick(each), Number.MAX_SAFE_INTEGER), 0);
  const usd = sum((each) => each.usd);
  return {
    account: of,
    dimension,
    parts: taken,
    balance: {
      spent: amounts({
        usd: usd - held,
        token: sum((each) => each.tokens),
        call: sum((each) => each.calls),
      }),
      held: amounts({ usd: held }),
      overdrawn: usd - held > (of.ceiling.usd ?? Infinity),
    },
  };
}

const five = nanoUsd(5)!;
const ten = nanoUsd(10)!;

describe('when room returns', () => {
  it('a calendar window: at its end', () => {
    const item = short(account('a', { usd: ten }, [2_000_000]), [amounts({ usd: 8 })]);
    expect(roomReturnsAt(item, amounts({ usd: 3 }))).toBe(2_000_000);
  });

  it('a lifetime: never', () => {
    const item = short(account('a', { usd: ten }, [null]), [amounts({ usd: 8 })]);
    expect(roomReturnsAt(item, amounts({ usd: 3 }))).toBeNull();
  });

  it('a rolling window: when just enough parts have left', () => {
    const of = account('a', { usd: ten }, [1_100_000, 1_200_000, 1_300_000, 1_400_000]);
    const taken = [
      amounts({ usd: 2 }),
      amounts({ usd: 0 }),
      amounts({ usd: 4 }),
      amounts({ usd: 4 }),
    ];
    expect(roomReturnsAt(short(of, taken), amounts({ usd: 2 }))).toBe(1_100_000);
    expect(roomReturnsAt(short(of, taken), amounts({ usd: 3 }))).toBe(1_300_000);
    expect(roomReturnsAt(short(of, taken), amounts({ usd: 6 }))).toBe(1_300_000);
    expect(roomReturnsAt(short(of, taken), amounts({ usd: 7 }))).toBe(1_400_000);
  });

  it('every capped dimension must fit, not only the one that is short first', () => {
    const of = account('a', { usd: ten, tokens: tokens(100)! }, [1_100_000, 1_200_000]);
    const taken = [amounts({ usd: 9, token: 10 }), amounts({ usd: 1, token: 90 })];
    expect(roomReturnsAt(short(of, taken), amounts({ usd: 1, token: 20 }))).toBe(1_200_000);
    expect(roomReturnsAt(short(of, taken), amounts({ usd: 1, token: 10 }))).toBe(1_100_000);
  });

  it('what is in no part stays: if it leaves too little room, the last part decides', () => {
    const of = account('a', { usd: ten }, [1_100_000, 1_200_000]);
    const item = short(of, [amounts({ usd: 3 }), amounts({ usd: 3 })]);
    const withMore = { ...item, balance: { ...item.balance, held: amounts({ usd: 6 }) } };
    expect(roomReturnsAt(withMore, amounts({ usd: 4 }))).toBe(1_200_000);
    expect(roomReturnsAt(withMore, amounts({ usd: 5 }))).toBe(1_200_000);
    expect(roomReturnsAt(withMore, amounts({ usd: 1 }))).toBe(1_100_000);
  });

  it('a saturated part never counts as room, not even for nothing', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const of = account('a', { usd: nanoUsd(most)! }, [1_100_000, 1_200_000]);
    const taken = [amounts({ usd: 5 }), amounts({ usd: most })];
    expect(roomReturnsAt(short(of, taken), amounts({ usd: 0 }))).toBe(1_200_000);
  });

  it('a balance that does not name every part is our bug', () => {
    const item = short(account('a', { usd: ten }, [1, 2]), [amounts({ usd: 8 })]);
    expect(() => roomReturnsAt(item, amounts({ usd: 3 }))).toThrow(IntegrityError);
  });
});

describe('a cap refusal', () => {
  const order = { at: AT, amounts: amounts({ usd: 5, token: 7, call: 1 }), model: 'm' };
  const day = short(account('day', { usd: ten }, [2_000_000]), [amounts({ usd: 8 })]);
  const month = short(account('month', { usd: ten }, [3_000_000]), [amounts({ usd: 6 })]);
  const forever = short(account('forever', { usd: ten }, [null]), [amounts({ usd: 6 })]);

  it('binds at the account that resets last, and lists every account that is short', () => {
    const refusal = capRefusal({ ...order, short: [day, month] });
    expect(refusal.accounts.map(({ capId }) => capId)).toEqual(['month', 'day']);
    expect(refusal.binding).toBe(refusal.accounts[0]);
    expect(refusal.binding.resetsAt).toBe(3_000_000);
    expect(refusal).toMatchObject({
      code: 'BUDGET_CAP',
      at: AT,
      neededNanoUsd: 5,
      neededTokens: 7,
    });
  });

  it('never is last of all', () => {
    const refusal = capRefusal({ ...order, short: [forever, month] });
    expect(refusal.binding).toMatchObject({ capId: 'forever', resetsAt: null });
    expect(new BudgetCapError(refusal).retry_after).toBeNull();
  });

  it('of those that reset together the larger shortfall binds, then the first', () => {
    const more = short(account('more', { usd: ten }, [2_000_000]), [amounts({ usd: 9 })]);
    const same = short(account('same', { usd: ten }, [2_000_000]), [amounts({ usd: 8 })]);
    const binding = (items: readonly Short[]): string =>
      capRefusal({ ...order, short: items }).binding.capId;
    expect(binding([day, more])).toBe('more');
    expect(binding([more, day])).toBe('more');
    expect(binding([day, same])).toBe('day');
    expect(binding([same, day])).toBe('same');
  });

  it('a shortfall of dollars comes before one of tokens: their numbers cannot be compared', () => {
    const of = account('talk', { tokens: tokens(1000)! }, [2_000_000]);
    const talk = short(of, [amounts({ token: 1000 })], { dimension: 'tokens' });
    expect(capRefusal({ ...order, short: [talk, day] }).binding.capId).toBe('day');
  });

  it('a call larger than the cap says so, with the reset as it stands', () => {
    const small = short(account('small', { usd: five }, [2_000_000]), [amounts({ usd: 0 })]);
    const refusal = capRefusal({ ...order, amounts: amounts({ usd: 6 }), short: [small] });
    expect(refusal.binding).toMatchObject({ fitsWhenEmpty: false, resetsAt: 2_000_000 });
    const fitting = capRefusal({ ...order, short: [day] });
    expect(fitting.binding.fitsWhenEmpty).toBe(true);
  });

  it('is SCOPE_CLOSED when the binding account is overdrawn, and only then', () => {
    const over = short(account('over', { usd: five }, [2_000_000]), [amounts({ usd: 9 })]);
    expect(capRefusal({ ...order, short: [over] }).code).toBe('SCOPE_CLOSED');
    expect(capRefusal({ ...order, short: [over, month] }).code).toBe('BUDGET_CAP');
  });

  it('keeps spent and held apart and passes on what is affordable', () => {
    const of = account('a', { usd: ten }, [2_000_000]);
    const item = short(of, [amounts({ usd: 8, token: 3, call: 2 })], { held: 6 });
    const refusal = capRefusal({ ...order, short: [item], affordableOutputTokens: tokens(12) });
    expect(refusal.affordableOutputTokens).toBe(12);
    expect(refusal.binding).toMatchObject({
      spentNanoUsd: 2,
      heldNanoUsd: 6,
      capNanoUsd: 10,
      spentTokens: 3,
      capTokens: undefined,
      spentCalls: 2,
      capCalls: undefined,
    });
  });

  it('a refusal without a short account is our bug', () => {
    expect(() => capRefusal({ ...order, short: [] })).toThrow(IntegrityError);
  });
});

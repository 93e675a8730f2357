import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../errors/budget-cap-error.ts';
import { HandleSpentError } from '../errors/handle-spent-error.ts';
import { MisuseError } from '../errors/error.ts';
import { Budget } from './budget.ts';
import { BudgetMint } from './mint.ts';
import { Slot } from './slot.ts';
import { withBudget } from './with-budget.ts';

const mint = BudgetMint.take();
const make = (usd = 10, name = 'run') => Budget.create(mint, { usd }, name);

describe('a budget handle', () => {
  it('is used up by what moves it, and a late use names what did it and where', () => {
    const budget = make();
    const rest = budget.spend({ usd: 1 });
    const late = thrownBy(() => budget.spend({ usd: 1 }));
    expect(late).toBeInstanceOf(HandleSpentError);
    expect(late.message).toContain('spend on budget "run": spend has used this handle up');
    expect(late.message).toContain('budget.test.ts');
    expect(rest.remaining).toEqual({ usd: 9 });
  });

  it.each([
    ['split', (budget: Budget) => budget.split({ usd: 1 })],
    ['delegate', (budget: Budget) => budget.delegate({ usd: 1 })],
    ['merge', (budget: Budget) => budget.merge(make())],
    ['merge into another', (budget: Budget) => make().merge(budget)],
    ['reserve', (budget: Budget) => budget.reserve({ usd: 1 })],
    ['close', (budget: Budget) => budget.close()],
  ])('is used up by %s: every method and every figure of it throws afterwards', (_name, move) => {
    const budget = make();
    move(budget);
    const uses = [
      () => budget.remaining,
      () => budget.spent,
      () => budget.held,
      () => budget.name,
      () => budget.canSpend({ usd: 0 }),
      () => budget.charge({ usd: 0 }),
      () => budget.carve({ usd: 0 }),
      () => budget.split({ usd: 0 }),
      () => budget.delegate({ usd: 0 }),
      () => budget.reserve({ usd: 0 }),
      () => budget.merge(make()),
      () => budget.close(),
      () => JSON.stringify(budget),
    ];
    for (const use of uses) expect(use).toThrow(HandleSpentError);
    expect(budget.isLive).toBe(false);
  });

  it('survives a refusal, which says what it has', () => {
    const budget = make(1);
    const refusal = thrownBy(() => budget.spend({ usd: 2 }));
    expect(refusal).toBeInstanceOf(BudgetCapError);
    expect(refusal).toMatchObject({ scope: 'budget:run', cap_usd: 1, needed_usd: 2, spend_usd: 0 });
    expect(() => budget.split({ usd: 2 })).toThrow(BudgetCapError);
    expect(() => budget.reserve({ usd: 2 })).toThrow(BudgetCapError);
    expect(budget.remaining).toEqual({ usd: 1 });
  });

  it('carries tokens, calls and milliseconds beside money', () => {
    const budget = Budget.create(mint, { tokens: 100, calls: 2, millis: 50 });
    expect(budget.canSpend({ millis: 51 })).toBe(false);
    expect(() => budget.charge({ millis: 51 })).toThrow('51 ms are asked for');
    budget.charge({ tokens: 10, calls: 1, millis: 50 });
    expect(budget.remaining).toEqual({ tokens: 90, calls: 1, millis: 0 });
    expect(budget.canSpend({ usd: 1_000 })).toBe(true);
  });

  it.each([[-1], [Number.NaN], [Infinity], [1e-10], ['5']])('refuses the sum %s', (usd) => {
    const budget = make();
    expect(() => budget.spend({ usd: usd as number })).toThrow(MisuseError);
    expect(() => Budget.create(mint, { usd: usd as number })).toThrow(MisuseError);
    expect(() => Budget.create(mint, {})).toThrow('has no limit');
    expect(budget.remaining).toEqual({ usd: 10 });
  });
});

describe('no path copies the right in a handle', () => {
  const budget = make();
  const copies: readonly [string, () => unknown][] = [
    ['a spread', () => ({ ...(budget as object) })],
    ['Object.assign', () => Object.assign({}, budget)],
    ['JSON', () => JSON.parse(JSON.stringify(budget))],
    ['structuredClone', () => structuredClone({ ...(budget as object) })],
    ['its prototype', () => Object.create(Budget.prototype)],
    ['an object made from it', () => Object.create(budget)],
    ['a proxy', () => new Proxy(budget, {})],
  ];

  it.each(copies)('%s', (_name, copy) => {
    const forged = copy() as Budget;
    expect(() => Budget.prototype.spend.call(forged, { usd: 1 })).toThrow(TypeError);
    expect(Budget.poolOf(forged)).toBeUndefined();
    expect(budget.remaining).toEqual({ usd: 10 });
  });

  it('nor a subclass, nor `new`', () => {
    const Open = Budget as unknown as new (...args: unknown[]) => Budget;
    class Forged extends Open {}
    expect(() => new Forged(Symbol('key'), undefined, mint)).toThrow('its class is final');
    expect(() => new Open(Symbol('key'), undefined, mint)).toThrow('its class is final');
    const OpenMint = BudgetMint as unknown as new (...args: unknown[]) => BudgetMint;
    expect(() => new OpenMint(Symbol('key'), '')).toThrow(MisuseError);
  });

  it('and there is one mint in a process', () => {
    expect(() => BudgetMint.take()).toThrow('The mint of this process has been taken');
    expect(() => BudgetMint.nameHolders(['late'])).toThrow('before the first mint is taken');
  });
});

describe('split, carve, merge', () => {
  it('fence money off and put it together again, exactly', () => {
    const [part, rest] = make(10).split({ usd: 3 }, 'part');
    expect([part.remaining.usd, rest.remaining.usd]).toEqual([3, 7]);
    expect(() => rest.spend({ usd: 8 })).toThrow(BudgetCapError);
    const whole = rest.merge(part.spend({ usd: 1 }));
    expect(whole.remaining.usd).toBe(9);
    expect(whole.spent.usd).toBe(1);
  });

  it('merge the other way round as well', () => {
    const [part, rest] = make(10).split({ usd: 3 });
    expect(part.merge(rest).remaining.usd).toBe(10);
  });

  it('refuse a budget of another mint', () => {
    const foreign = Budget.create(BudgetMint.ofGuard(), { usd: 1 });
    const own = make(1);
    expect(() => own.merge(foreign)).toThrow('another mint');
    expect(() => own.merge(own)).toThrow('this budget itself');
    expect([own.isLive, foreign.isLive]).toEqual([true, true]);
  });

  it('carve keeps the handle', () => {
    const budget = make(10);
    const shares = [1, 2, 3].map((usd) => budget.carve({ usd }));
    expect(budget.remaining.usd).toBe(4);
    for (const share of shares) share.close();
    expect(budget.remaining.usd).toBe(10);
  });

  it('`using` returns what is left to where it came from', () => {
    const budget = make(10);
    {
      using share = budget.carve({ usd: 4 });
      share.charge({ usd: 1 });
      expect(budget.remaining.usd).toBe(6);
    }
    expect(budget.remaining.usd).toBe(9);
  });
});

describe('delegate', () => {
  it('gives a ceiling on a shared pool, not a share of it', () => {
    const [first, pool] = make(60).delegate({ usd: 40 }, 'first');
    const [second, rest] = pool.delegate({ usd: 40 }, 'second');
    first.charge({ usd: 35 });
    expect(second.remaining.usd).toBe(25);
    expect(() => second.spend({ usd: 26 })).toThrow('budget:run');
    second.charge({ usd: 25 });
    expect(rest.spent.usd).toBe(60);
  });

  it('closing the one above refuses new holds below it at once; what is in flight settles', () => {
    const [child, rest] = make(10).delegate({ usd: 5 }, 'child');
    const [grandchild, middle] = child.delegate({ usd: 5 }, 'grandchild');
    const [below, hold] = grandchild.reserve({ usd: 2 });
    rest.close();
    const refusal = thrownBy(() => below.spend({ usd: 1 }));
    expect(refusal).toMatchObject({ code: 'SCOPE_CLOSED' });
    expect(() => middle.delegate({ usd: 1 })).toThrow('closed');
    hold.settle({ usd: 1 });
    expect(middle.spent.usd).toBe(1);
  });
});

describe('reserve', () => {
  it('holds, books what was spent, above the hold too, and ends once', () => {
    const [budget, hold] = make(10).reserve({ usd: 4 });
    expect([budget.remaining.usd, budget.held.usd]).toEqual([6, 4]);
    hold.settle({ usd: 12 });
    expect(budget.spent.usd).toBe(12);
    expect(budget.canSpend({ usd: 0.01 })).toBe(false);
    expect(() => hold.settle({ usd: 1 })).toThrow(HandleSpentError);
    expect(() => hold.release('again')).toThrow(HandleSpentError);
    expect(budget.spent.usd).toBe(12);
  });

  it('a hold that goes out of scope is spent, not free', () => {
    let [budget, first] = make(10).reserve({ usd: 4 });
    {
      using hold = first;
      expect(hold.isLive).toBe(true);
    }
    expect(budget.spent.usd).toBe(4);
    [budget, first] = budget.reserve({ usd: 1 });
    first.release('never sent');
    expect(budget.remaining.usd).toBe(6);
  });
});

describe('a slot', () => {
  it('keeps one budget, hands it out once, and takes a used-up one from nobody', () => {
    const slot = new Slot(make(5));
    slot.update((budget) => budget.spend({ usd: 1 }));
    expect(() => slot.update((budget) => budget.spend({ usd: 9 }))).toThrow(BudgetCapError);
    expect(slot.view.remaining.usd).toBe(4);
    expect(() => slot.put(make(1))).toThrow('take or merge it first');
    const budget = slot.take();
    expect(() => slot.take()).toThrow('the slot is empty');
    budget.close();
    expect(() => slot.put(budget)).toThrow(HandleSpentError);
  });
});

describe('withBudget', () => {
  it('closes what it made, however `work` ends, and returns what is left', async () => {
    const before = mint.audit();
    const spent = withBudget(mint, { usd: 5 }, (budget) => budget.spend({ usd: 2 }).spent.usd);
    expect(spent).toBe(2);
    expect(() =>
      withBudget(mint, { usd: 5 }, () => {
        throw new Error('work failed');
      }),
    ).toThrow('work failed');
    await withBudget(mint, { usd: 5 }, async (budget) => budget.charge({ usd: 1 }));
    const { minted, returned, spent: all } = mint.audit();
    expect((minted.usd ?? 0) - (before.minted.usd ?? 0)).toBeCloseTo(15, 9);
    expect((returned.usd ?? 0) - (before.returned.usd ?? 0)).toBeCloseTo(12, 9);
    expect((all.usd ?? 0) - (before.spent.usd ?? 0)).toBeCloseTo(3, 9);
  });
});

describe('the books of a mint', () => {
  it('name what was spent beyond a budget, also when it was closed before the bill came', () => {
    const own = BudgetMint.ofGuard();
    const [open, first] = Budget.create(own, { usd: 10 }).reserve({ usd: 4 });
    first.settle({ usd: 13 });
    expect(own.audit()).toMatchObject({ spent: { usd: 13 }, outstanding: { usd: 0 } });
    expect(own.audit().overage.usd).toBe(3);

    // 10 - 4 went back at once; of the 4 that stood in the hold, 5 were billed.
    const [closed, second] = Budget.create(own, { usd: 10 }).reserve({ usd: 4 });
    closed.close();
    expect(own.audit()).toMatchObject({ returned: { usd: 6 }, outstanding: { usd: 4 } });
    second.settle({ usd: 5 });
    expect(own.audit()).toMatchObject({
      minted: { usd: 20 },
      overage: { usd: 4 },
      spent: { usd: 18 },
      returned: { usd: 6 },
      outstanding: { usd: 0 },
      openHolds: 0,
    });
    open.close();
    expect(own.audit().overage.usd).toBe(4);
  });

  it('one overdrawn budget takes nothing from what another still has', () => {
    const own = BudgetMint.ofGuard();
    const [overdrawn, hold] = Budget.create(own, { usd: 1 }).reserve({ usd: 1 });
    hold.settle({ usd: 6 });
    const full = Budget.create(own, { usd: 5 });
    expect(own.audit()).toMatchObject({ overage: { usd: 5 }, outstanding: { usd: 5 } });
    overdrawn.close();
    full.close();
    expect(own.audit()).toMatchObject({ returned: { usd: 5 }, outstanding: { usd: 0 } });
  });

  it('mint, in what a budget does not limit, what is spent of it or leaves it', () => {
    const own = BudgetMint.ofGuard();
    const open = Budget.create(own, { usd: 1 });
    open.charge({ calls: 3 });
    const [part, rest] = open.split({ calls: 4 });
    const merged = Budget.create(own, { usd: 1, calls: 5 }).merge(part);
    expect(merged.remaining.calls).toBe(9);
    expect(own.audit()).toMatchObject({
      minted: { calls: 12 },
      overage: { calls: 0 },
      spent: { calls: 3 },
      outstanding: { calls: 9 },
    });
    merged.close();
    rest.close();
    expect(own.audit()).toMatchObject({
      returned: { usd: 2, calls: 9 },
      outstanding: { calls: 0 },
    });
  });
});

describe('a handle that is dropped', () => {
  it('is told at the mint, budget or hold, and what it had stays unavailable', async () => {
    const own = BudgetMint.ofGuard();
    const told: unknown[] = [];
    const stop = own.onLeak((leak) => told.push(leak));
    drop(own);
    expect(own.audit()).toMatchObject({ live: 1, openHolds: 1, leaked: 0 });
    for (let turn = 0; turn < 100 && told.length < 2; turn++) {
      collect();
      await nextTurn();
    }
    stop();
    const byKind = told.toSorted((one, other) => kindOf(one).localeCompare(kindOf(other)));
    expect(byKind).toMatchObject([
      { kind: 'budget', name: 'lost', left: { usd: 3 } },
      { kind: 'hold', name: 'lost', left: { usd: 2 } },
    ]);
    expect(own.audit()).toMatchObject({
      live: 0,
      openHolds: 1,
      leaked: 2,
      outstanding: { usd: 5 },
    });
  });

  it('that was used up before is no leak', async () => {
    const own = BudgetMint.ofGuard();
    const told: unknown[] = [];
    own.onLeak((leak) => told.push(leak));
    endAll(own);
    for (let turn = 0; turn < 5; turn++) {
      collect();
      await nextTurn();
    }
    expect(told).toEqual([]);
    expect(own.audit()).toMatchObject({ live: 0, openHolds: 0, leaked: 0 });
  });
});

/** In a function of its own, so that nothing here refers to what is lost. */
function drop(own: BudgetMint): void {
  Budget.create(own, { usd: 5 }, 'lost').reserve({ usd: 2 });
}

function endAll(own: BudgetMint): void {
  const [budget, hold] = Budget.create(own, { usd: 5 }).reserve({ usd: 2 });
  hold.settle({ usd: 2 });
  budget.close();
}

function kindOf(leak: unknown): string {
  return (leak as { readonly kind: string }).kind;
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

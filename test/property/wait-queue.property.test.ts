import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitWorld, type Arrival, type InTurn } from './wait-queue-world.ts';

/** More runs: HARDCAP_WAIT_RUNS=20000. */
const RUNS = Number(process.env['HARDCAP_WAIT_RUNS'] ?? 300);

type Step =
  | { readonly kind: 'arrive'; readonly arrival: Arrival }
  | { readonly kind: 'end'; readonly pick: number; readonly billed: number }
  | { readonly kind: 'abort'; readonly pick: number }
  | { readonly kind: 'pass'; readonly ms: number }
  /** Several things before the promises of the first have settled. */
  | { readonly kind: 'at-once'; readonly steps: readonly Step[] };

const GLOBAL = 1;
const ACME = 2;

const inTurn = fc.oneof(
  { weight: 5, arbitrary: fc.constant<InTurn>('nothing') },
  {
    weight: 3,
    arbitrary: fc.constantFrom<InTurn>('end', 'abort', 'abort-other', 'enter', 'wake', 'throw'),
  },
);

const arrival: fc.Arbitrary<Arrival> = fc.record({
  mask: fc.integer({ min: 1, max: 15 }),
  need: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 20 }) },
    { weight: 6, arbitrary: fc.integer({ min: 15, max: 30 }) },
    { weight: 1, arbitrary: fc.integer({ min: 30, max: 110 }) },
  ),
  waitMs: fc.constantFrom(0, 20, 90, 300, 1_000, 2_000, 2_000),
  isGap: fc.boolean(),
  saysShort: fc.boolean(),
  inTurn,
});

const pick = fc.nat({ max: 50 });
const end = fc.record({
  kind: fc.constant('end' as const),
  pick,
  billed: fc.constantFrom(0, 0, 0, 0, 0.1, 0.3, 1),
});
const arrive = fc.record({ kind: fc.constant('arrive' as const), arrival });
const abort = fc.record({ kind: fc.constant('abort' as const), pick });
const pass = fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 }) });
const single: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: arrive },
  { weight: 4, arbitrary: end },
  { weight: 1, arbitrary: abort },
);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: single },
    { weight: 2, arbitrary: pass },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('at-once' as const),
        steps: fc.array(single, { minLength: 2, maxLength: 6 }),
      }),
    },
  ),
  { maxLength: 80, size: 'max' },
);

/** Does the step; the time that is to pass after it. */
function take(world: WaitWorld, step: Step): number {
  switch (step.kind) {
    case 'arrive':
      world.arrive(step.arrival);
      return 0;
    case 'end':
      world.end(step.pick, step.billed);
      return 0;
    case 'abort':
      world.abort(step.pick);
      return 0;
    case 'pass':
      return step.ms;
    case 'at-once':
      return Math.max(0, ...step.steps.map((part) => take(world, part)));
  }
}

async function play(list: readonly Step[], waitersMax?: number): Promise<readonly string[]> {
  const world = new WaitWorld(waitersMax);
  for (const step of list) {
    const faults = await world.rest(take(world, step));
    if (faults.length > 0) return faults;
  }
  return world.finish();
}

describe('calls that wait for money', () => {
  it('W1 W2 W3 W5 W6 W7: keep every rule after each step, in any interleaving', async () => {
    const property = fc.asyncProperty(steps, async (list) => {
      expect(await play(list)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('W1 W2 W3 W5 W6 W7: keep every rule also where only few may wait', async () => {
    const property = fc.asyncProperty(steps, fc.integer({ min: 0, max: 4 }), async (list, max) => {
      expect(await play(list, max)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('W7: nobody waits for money that was spent for good', async () => {
    const property = fc.asyncProperty(spenders, async (list) => {
      expect(await play(list)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('W4: a large call is served when the holds it found have ended, whoever comes', async () => {
    const property = fc.asyncProperty(crowd, async (list) => {
      const { large, world, found } = filled(GLOBAL);
      for (const step of list) {
        take(world, step);
        expect(await world.rest(0)).toEqual([]);
        if (!world.open.some(({ id }) => found.has(id))) break;
      }
      endAll(world, found);
      expect(await world.rest(0)).toEqual([]);
      expect(large.expected).toMatch(/^hold/);
    });
    await fc.assert(property, { numRuns: Math.ceil(RUNS / 3) });
  });

  it('W4: so is one that draws on an account within another, in two rounds of ends', async () => {
    const property = fc.asyncProperty(crowd, crowd, async (first, second) => {
      const { large, world, found } = filled(GLOBAL | ACME);
      for (const list of [first, second]) {
        const round = list === first ? found : new Set(world.open.map(({ id }) => id));
        for (const step of list) {
          take(world, step);
          expect(await world.rest(0)).toEqual([]);
        }
        endAll(world, round);
      }
      expect(await world.rest(0)).toEqual([]);
      expect(large.expected).toMatch(/^hold/);
    });
    await fc.assert(property, { numRuns: Math.ceil(RUNS / 3) });
  });
});

/** Calls on caps for good, and ends that bill all that was held: no room ever comes back. */
const spenders: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('arrive' as const),
      arrival: fc.record({
        mask: fc.constantFrom(GLOBAL, ACME, GLOBAL | ACME),
        need: fc.integer({ min: 5, max: 40 }),
        waitMs: fc.constant(1_000),
        isGap: fc.constant(false),
        saysShort: fc.boolean(),
        inTurn: fc.constant<InTurn>('nothing'),
      }),
    }),
    fc.record({ kind: fc.constant('end' as const), pick, billed: fc.constant(1) }),
  ),
  { maxLength: 40, size: 'max' },
);

/** Small calls that all draw on the outer account, and ends that bill nothing. */
const crowd: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('arrive' as const),
      arrival: fc.record({
        mask: fc.constantFrom(GLOBAL, GLOBAL, GLOBAL | ACME),
        need: fc.integer({ min: 1, max: 10 }),
        waitMs: fc.constant(1_000),
        isGap: fc.boolean(),
        saysShort: fc.boolean(),
        inTurn: fc.constantFrom<InTurn>('nothing', 'end', 'enter', 'wake'),
      }),
    }),
    fc.record({ kind: fc.constant('end' as const), pick, billed: fc.constant(0) }),
  ),
  { minLength: 20, maxLength: 80, size: 'max' },
);

/** Accounts that are full of small holds, and a call before them that needs nearly all. */
function filled(mask: number) {
  const world = new WaitWorld();
  const quiet = { waitMs: 1_000, isGap: false, saysShort: true, inTurn: 'nothing' } as const;
  for (let n = 0; n < 4; n += 1) world.arrive({ ...quiet, mask: GLOBAL | ACME, need: 10 });
  for (let n = 0; n < 6; n += 1) world.arrive({ ...quiet, mask: GLOBAL, need: 10 });
  const found = new Set(world.open.map(({ id }) => id));
  const large = world.arrive({ ...quiet, mask, need: mask === GLOBAL ? 95 : 38 });
  expect([found.size, large.isWaiting]).toEqual([10, true]);
  return { world, large, found };
}

function endAll(world: WaitWorld, ids: ReadonlySet<string>): void {
  for (;;) {
    const place = world.open.findIndex(({ id }) => ids.has(id));
    if (place === -1) return;
    world.end(place, 0);
  }
}

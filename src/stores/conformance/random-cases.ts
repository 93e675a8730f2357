import type { Account } from '../../ledger/account.ts';
import type { EndReply, Ledger, Outcome } from '../../ledger/ledger.ts';
import type { EpochMs } from '../../units/time.ts';
import { ConformanceError, assertEqual } from './assertions.ts';
import type { ConformanceCase, ConformanceLedger } from './case.ts';
import { LedgerModel, keyOf } from './model.ts';
import { DAY, DAY_MS, accountOf, amountsOf, extend, instant, reserve, type Sum } from './orders.ts';

const SEEDS = [1, 2, 3, 5, 8, 13];
const STEPS = 300;
const OUTCOMES: readonly Outcome[] = ['settled', 'released', 'expired'];

/** Random commands against the model; a failure prints its seed and step. */
export const randomCases: readonly ConformanceCase[] = SEEDS.map((seed) => {
  return {
    title: `L1. to L12. ${STEPS} random commands agree with the model (seed ${seed})`,
    needs: undefined,
    async run(make) {
      const ledger = await make();
      await runRandomCommands(ledger, { seed, steps: STEPS });
    },
  };
});

/**
 * Gives the ledger random commands and compares each reply and every balance with the model.
 * Rejects with seed, step and command on the first difference. The ledger must be empty.
 */
export async function runRandomCommands(
  ledger: Ledger & Pick<ConformanceLedger, 'countsAhead'>,
  { seed, steps, sawAccount = () => undefined }: RandomOptions,
): Promise<void> {
  const run: Run = {
    sawAccount,
    ledger,
    model: new LedgerModel({ countsAhead: ledger.countsAhead ?? false }),
    random: randomFrom(seed),
    step: 0,
    told: '',
  };
  for (; run.step < steps; run.step += 1) {
    try {
      await command(run);
      compare(run);
    } catch (cause) {
      const where = `seed ${seed}, step ${run.step}, ${run.told}`;
      throw new ConformanceError(`${where}: ${String(cause)}`, { cause });
    }
  }
}

/** How to make random commands. */
export interface RandomOptions {
  readonly seed: number;
  readonly steps: number;
  /** Is told every account that some reserve drew on or tried to. */
  readonly sawAccount?: (account: Account) => void;
}

interface Run {
  readonly sawAccount: (account: Account) => void;
  readonly ledger: Ledger;
  readonly model: LedgerModel;
  /** A whole number from 0 to below `below`. */
  readonly random: (below: number) => number;
  step: number;
  /** The command at hand, for the message. */
  told: string;
}

const STEPS_PER_DAY = 100;

/** The accounts there are on the day of the step: time only goes forward, as the model asks. */
function accountsOn(step: number): readonly Account[] {
  const day = Math.floor(step / STEPS_PER_DAY);
  const start = DAY + day * DAY_MS;
  const minutes = [0, 1, 2].map(
    (back) => start + (Math.floor((step % STEPS_PER_DAY) / 10) - back) * 60_000,
  );
  const starts = [start];
  return [
    accountOf({ cap: 'global', ceiling: { usd: 500 }, starts }),
    accountOf({ cap: 'customer', scope: 'customer:a', ceiling: { usd: 120, calls: 30 }, starts }),
    accountOf({ cap: 'customer', scope: 'customer:b', ceiling: { tokens: 900 }, starts }),
    accountOf({ cap: 'watch', mode: 'observe', ceiling: { usd: 10 }, starts }),
    accountOf({ cap: 'zero', scope: 'model:x', ceiling: { usd: 0 }, starts }),
    accountOf({
      cap: 'rolling',
      ceiling: { usd: 90 },
      starts: minutes.toReversed(),
      countsMs: 180_000,
    }),
  ];
}

/** A moment inside the windows that `accountsOn` gives for the step. */
function momentOf(step: number): EpochMs {
  const day = Math.floor(step / STEPS_PER_DAY);
  return instant(DAY + day * DAY_MS + Math.floor((step % STEPS_PER_DAY) / 10) * 60_000);
}

async function command(run: Run): Promise<void> {
  const { random, model } = run;
  const kind = random(10);
  if (kind < 4) return await reserveRandomly(run);
  const ids = kind < 8 && model.openIds.length > 0 ? model.openIds : model.ids;
  const id = random(20) === 0 ? 'nobody' : (ids[random(ids.length)] ?? 'nobody');
  if (kind === 4) {
    // A rolling hold of an earlier day may be past extending: what counted there may be forgotten.
    const today = run.step - (run.step % STEPS_PER_DAY);
    return Number(id.slice(1)) < today ? undefined : await extendRandomly(run, id);
  }
  if (kind === 9) return adjustRandomly(run, id);
  return endRandomly(run, id);
}

async function reserveRandomly(run: Run): Promise<void> {
  const { ledger, model, random, step } = run;
  const accounts = accountsOn(step).filter((_, index) => random(index === 4 ? 8 : 2) === 0);
  for (const account of accounts) run.sawAccount(account);
  const isRepeat = random(8) === 0 && model.ids.length > 0;
  const id = isRepeat ? (model.ids[random(model.ids.length)] ?? '') : `r${step}`;
  const sum = randomSum(random, 40);
  run.told = `reserve ${id} ${JSON.stringify(sum)} on ${accounts.map(keyOf).join(', ')}`;
  const at = momentOf(step);
  const reply = await reserve(ledger, { id, sum, accounts, at });
  assertEqual(reply.kind, model.reserve(id, amountsOf(sum), accounts), `reserve ${id}`);
}

async function extendRandomly(run: Run, id: string): Promise<void> {
  const { ledger, model, random, step } = run;
  const by = amountsOf(randomSum(random, 20));
  run.told = `extend ${id} ${JSON.stringify(by)}`;
  const reply = await extend(ledger, { id, at: momentOf(step), by });
  assertEqual(reply.kind, model.extend(id, by), `extend ${id}`);
}

function endRandomly(run: Run, id: string): void {
  const { ledger, model, random, step } = run;
  const outcome = OUTCOMES[random(3)] ?? 'settled';
  const amounts = amountsOf(randomSum(random, random(10) === 0 ? 200 : 30));
  run.told = `${outcome} ${id} ${JSON.stringify(amounts)}`;
  const at = momentOf(step);
  const reason = 'random';
  const replies: Record<Outcome, () => EndReply> = {
    settled: () => ledger.settle({ id, at, amounts }),
    released: () => ledger.release({ id, at, reason }),
    expired: () => ledger.expire({ id, at, reason }),
  };
  const reply = replies[outcome]();
  const found: unknown[] = [reply.kind];
  if (reply.kind === 'already') found.push(reply.outcome);
  if (reply.kind === 'ended') found.push(reply.outcome, reply.repeated);
  const expected = model.end(id, outcome, amounts);
  assertEqual(found, expected.slice(0, 3), `${outcome} ${id}`);
  if (reply.kind !== 'ended') return;
  // A rolling account is named by its newest window, which the model does not know.
  const named = (keys: readonly unknown[]) =>
    keys.filter((key) => !String(key).startsWith('rolling'));
  const [, , , overdrawn = []] = expected as readonly [unknown, unknown, unknown, string[]?];
  assertEqual(named(reply.overdrawn.map(keyOf)), named(overdrawn), `overdrawn by ${id}`);
}

function adjustRandomly(run: Run, reservationId: string): void {
  const { ledger, model, random, step } = run;
  const id = random(4) === 0 ? `a${random(step + 1)}` : `a${step}`;
  const amounts = amountsOf(randomSum(random, 50));
  run.told = `adjust ${id} of ${reservationId} ${JSON.stringify(amounts)}`;
  const at = momentOf(step);
  const reply = ledger.adjust({ id, reservationId, at, amounts, reason: 'random' });
  const found = reply.kind === 'adjusted' ? [reply.kind, reply.repeated] : [reply.kind];
  assertEqual(found, model.adjust(id, reservationId, amounts), `adjust ${id}`);
}

function compare({ ledger, model, step }: Run): void {
  const days = [step, step - STEPS_PER_DAY].filter((of) => of >= 0);
  for (const account of days.flatMap(accountsOn)) {
    const wanted = { ...model.balance(account), overdrawn: model.isOverdrawn(account) };
    assertEqual(ledger.balance(account), wanted, `balance of ${keyOf(account)}`);
  }
  assertEqual(
    [...ledger.openHolds()].map(({ id }) => id),
    model.openIds,
    'open holds',
  );
}

function randomSum(random: Run['random'], below: number): Sum {
  return { usd: random(4) === 0 ? 0 : random(below), tokens: random(below * 3), calls: random(2) };
}

/**
 * A small generator of even quality (mulberry32); the same seed gives the same numbers
 * everywhere.
 */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

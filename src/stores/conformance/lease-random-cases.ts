import type { Account } from '../../ledger/account.ts';
import type { LeaseStore } from '../../ledger/leases/lease-store.ts';
import type { HolderMessage, SliceItem } from '../../ledger/leases/message.ts';
import type { Operation } from '../../ledger/leases/operation.ts';
import type { Ceilings, Sums } from '../../ledger/leases/sums.ts';
import { verifyJournal } from '../journal-chain.ts';
import { ConformanceError, assertEqual, assertThat } from './assertions.ts';
import type { LeaseConformanceCase } from './lease-case.ts';
import { LeaseModel } from './lease-model.ts';
import { identityOf, lastKeyOf } from './lease-orders.ts';
import { DAY, DAY_MS, accountOf, instant } from './orders.ts';
import { randomFrom } from './random-cases.ts';

const SEEDS = [11, 12, 13, 14];
const LARGE_SEEDS = [21, 22];
const STEPS = 250;

/** Steps between two comparisons of all balances, which are many questions. */
const COMPARED_EVERY = 5;

/** So large that sums have sixteen digits, and all of them stay below 2^53. */
const LARGE = 1_099_511_627_791;

/** Random commands against the model; a failure prints its seed and step. */
export const leaseRandomCases: readonly LeaseConformanceCase[] = [
  ...SEEDS.map((seed) => ({ seed, unit: 1, of: 'small amounts' })),
  ...LARGE_SEEDS.map((seed) => ({ seed, unit: LARGE, of: 'amounts of sixteen digits' })),
].map(({ seed, unit, of }) => {
  return {
    title: `S1. to S10. ${STEPS} random commands with ${of} agree with the model (seed ${seed})`,
    needs: undefined,
    async run(make) {
      const { store } = await make();
      await runRandomLeases(store, { seed, steps: STEPS, unit });
    },
  };
});

/** How to make random commands for a lease store. */
export interface RandomLeaseOptions {
  readonly seed: number;
  readonly steps: number;
  /** What every amount is a multiple of. */
  readonly unit?: number;
  /** Is told each command and what the store answered. */
  readonly saw?: (told: string, reply: unknown) => void;
}

/**
 * Gives an empty store random commands of several holders and operators, and compares each reply
 * and every balance with the model. Rejects with seed, step and command on the first difference.
 */
export async function runRandomLeases(
  store: LeaseStore,
  { seed, steps, unit = 1, saw = () => undefined }: RandomLeaseOptions,
): Promise<void> {
  const model = new LeaseModel(() => DAY);
  const random = randomFrom(seed);
  const run: Run = { store, model, random, unit, saw, heads: [], orders: [], step: 0, told: '' };
  for (; run.step < steps; run.step += 1) {
    try {
      await command(run);
      if (run.step % COMPARED_EVERY === 0 || run.step === steps - 1) await compare(run);
    } catch (cause) {
      const where = `seed ${seed}, step ${run.step}, ${run.told}`;
      throw new ConformanceError(`${where}: ${String(cause)}`, { cause });
    }
  }
  const journal = await store.journal();
  assertEqual(verifyJournal(journal), [], `seed ${seed}, faults of the journal`);
  assertEqual(journal.map(toldBy), model.told, `seed ${seed}, what the journal tells`);
}

/** What a holder knows of its slice of one account. */
interface Part {
  readonly account: Account;
  known: Sums;
  spent: Sums;
  returned: Sums;
}

interface Head {
  readonly name: string;
  /** By how many minutes its clock is ahead. */
  readonly ahead: number;
  seq: number;
  readonly parts: Map<string, Part>;
  readonly sent: HolderMessage[];
}

interface Run {
  readonly store: LeaseStore;
  readonly model: LeaseModel;
  /** A whole number from 0 to below `below`. */
  readonly random: (below: number) => number;
  readonly unit: number;
  readonly saw: (told: string, reply: unknown) => void;
  readonly heads: Head[];
  readonly orders: Operation[];
  step: number;
  /** The command at hand, for the message. */
  told: string;
}

const HOLDERS_MAX = 5;
const STEPS_PER_MINUTE = 12;
const STEPS_PER_DAY = 120;
const MINUTE_MS = 60_000;

/** The accounts there are for a clock that is so many minutes ahead of the step's. */
function accountsOn({ step, unit }: Pick<Run, 'step' | 'unit'>, ahead = 0): readonly Account[] {
  const start = DAY + Math.floor(step / STEPS_PER_DAY) * DAY_MS;
  const minute = Math.floor(step / STEPS_PER_MINUTE) + ahead;
  const minutes = [minute - 2, minute - 1, minute].map((each) => DAY + each * MINUTE_MS);
  const times = (units: number): number => units * unit;
  const starts = [start];
  const rolling = { starts: minutes, countsMs: 3 * MINUTE_MS };
  const [a, b] = ['customer:a', 'customer:b'];
  return [
    accountOf({ cap: 'global', ceiling: { usd: times(500), tokens: times(900) }, starts }),
    accountOf({ cap: 'customer', scope: a, ceiling: { usd: times(120), calls: 30 }, starts }),
    accountOf({ cap: 'customer', scope: b, ceiling: { tokens: times(300) }, starts }),
    accountOf({ cap: 'watch', mode: 'observe', ceiling: { usd: times(10) }, starts }),
    accountOf({ cap: 'zero', scope: 'model:x', ceiling: { usd: 0 }, starts }),
    accountOf({ cap: 'rolling', ceiling: { usd: times(150) }, ...rolling }),
    accountOf({ cap: 'rolling', scope: a, ceiling: { usd: times(60), calls: 9 }, ...rolling }),
  ];
}

async function command(run: Run): Promise<void> {
  const { heads, random } = run;
  const kind = random(24);
  if (heads.length === 0 || (kind === 0 && heads.length < HOLDERS_MAX)) return await open(run);
  const head = heads[random(heads.length)];
  assertThat(head !== undefined, 'there is a holder');
  if (kind === 1) return await close(run, head);
  if (kind <= 4) return await operate(run);
  if (kind === 5) return await exchange(run, unheardOf(run, head), undefined);
  const last = head.sent.at(-1);
  if (kind <= 8 && last !== undefined) {
    // The answer was lost, so it is said again; or a copy of an older one was under way for long.
    const old = kind === 8 ? head.sent[random(head.sent.length)] : last;
    return await exchange(run, old ?? last, undefined);
  }
  const message: HolderMessage = {
    holder: head.name,
    seq: head.seq + 1,
    at: instant(DAY + run.step * 1_000),
    items: itemsOf(run, head),
    declares: 'none',
  };
  head.seq += 1;
  head.sent.push(message);
  await exchange(run, message, head);
}

async function open(run: Run): Promise<void> {
  const name = `holder-${run.step}`;
  run.told = `open ${name}`;
  run.heads.push({ name, ahead: run.random(3) - 1, seq: 0, parts: new Map(), sent: [] });
  await run.store.open(identityOf(name));
  run.model.open(name);
  if (run.random(2) === 0) await run.store.open(identityOf(name));
}

async function exchange(run: Run, message: HolderMessage, head: Head | undefined): Promise<void> {
  run.told = `exchange ${JSON.stringify(message)}`;
  const reply = await run.store.exchange(message);
  run.saw(run.told, reply);
  const found = reply.kind === 'lost' ? { kind: reply.kind } : reply;
  assertEqual(found, run.model.exchange(message), 'the reply');
  if (reply.kind === 'fenced' && run.random(2) === 0) {
    const ended = run.heads.findIndex(({ name }) => name === message.holder);
    if (ended >= 0) run.heads.splice(ended, 1);
  }
  if (head === undefined || reply.kind !== 'applied') return;
  for (const { key, granted } of reply.slices) {
    const part = head.parts.get(key);
    // One in four answers about a slice is never heard.
    if (part !== undefined && run.random(4) > 0) part.known = granted;
  }
}

/** What no store that keeps its word has heard of: each is `lost`, and changes nothing. */
function unheardOf(run: Run, head: Head): HolderMessage {
  const { random } = run;
  const at = instant(DAY);
  const none: HolderMessage = { holder: head.name, seq: 1, at, items: [], declares: 'none' };
  const kind = random(4);
  if (kind === 0) return { ...none, holder: 'nobody' };
  if (kind === 1) return { ...none, seq: head.seq + 2 + random(3) };
  const items = itemsOf(run, head, false).map((item, index, { length }): SliceItem => {
    if (index < length - 1) return item;
    const { known } = item;
    const more = known.map((each) => each + 10_000 * run.unit) as unknown as Sums;
    return { ...item, known: more };
  });
  return { ...none, seq: head.seq + 1, items };
}

/** One to four items, no two with one key. `isKept`: the holder remembers what it says. */
function itemsOf(run: Run, head: Head, isKept = true): readonly SliceItem[] {
  const { random } = run;
  const items = new Map<string, SliceItem>();
  const fresh = accountsOn(run, head.ahead);
  const count = 1 + random(4);
  for (let index = 0; index < count; index += 1) {
    const old = [...head.parts.values()];
    const again = old[random(Math.max(1, old.length))]?.account;
    const account = random(3) === 0 && again !== undefined ? again : fresh[random(fresh.length)];
    if (account === undefined || items.has(lastKeyOf(account))) continue;
    items.set(lastKeyOf(account), itemOn(run, head, { account, isKept }));
  }
  return [...items.values()];
}

function itemOn(
  run: Run,
  head: Head,
  { account, isKept }: { readonly account: Account; readonly isKept: boolean },
): SliceItem {
  const { random, unit } = run;
  const key = lastKeyOf(account);
  const none: Sums = [0, 0, 0];
  const part = head.parts.get(key) ?? { account, known: none, spent: none, returned: none };
  const some = (below: number): Sums => [random(below) * unit, random(below) * unit, random(3)];
  const free = eachOf(part.known, (known, axis) => known - part.spent[axis] - part.returned[axis]);
  const share = (of: Sums): Sums => eachOf(of, (each) => wholes(each, unit, random));
  let spent = eachOf(share(free), (more, axis) => part.spent[axis] + more);
  // Billed above the slice, or lowered by a correction.
  if (random(10) === 0) spent = eachOf(some(12), (more, axis) => spent[axis] + more);
  if (random(10) === 0) spent = eachOf(part.spent, (each) => wholes(each, unit, random));
  const left = eachOf(free, (each, axis) => each - Math.max(0, spent[axis] - part.spent[axis]));
  const back = random(3) === 0 ? share(left) : none;
  const returned = eachOf(back, (more, axis) => part.returned[axis] + more);
  const inFlight = share(eachOf(left, (each, axis) => each - back[axis]));
  const isAsking = account.mode === 'enforce' && random(4) > 0;
  const need = isAsking ? inCapped(account, some(random(6) === 0 ? 200 : 30)) : none;
  const more = inCapped(account, random(2) === 0 ? some(20) : none);
  const all = eachOf(need, (each, axis) => each + more[axis]);
  const wish = inCapped(account, random(2) === 0 ? some(90) : none);
  const want = eachOf(all, (each, axis) => each + wish[axis]);
  // Sometimes no call waits for it.
  const demand = random(6) === 0 ? none : all;
  if (isKept) head.parts.set(key, Object.assign(part, { spent, returned }));
  return { account, known: part.known, spent, returned, inFlight, need, demand, want };
}

async function close(run: Run, head: Head): Promise<void> {
  const { store, model, random, unit, step } = run;
  const how = random(3) === 0 ? 'charged' : 'proven';
  const keys = [...head.parts.keys()];
  // Some of which it never spoke, as when it was killed before.
  const accounts = new Map(accountsOn(run, head.ahead).map((each) => [lastKeyOf(each), each]));
  for (const [key, { account }] of head.parts) accounts.set(key, account);
  const finals = [...accounts.values()]
    .filter(({ mode }) => random(3) > (mode === 'observe' ? 0 : 1))
    .map((account) => {
      return { account, spent: [random(60) * unit, random(60) * unit, random(4)] as Sums };
    });
  const at = instant(DAY + step);
  const inDoubt = keys.slice(0, random(3)).map((key, index) => {
    return { id: `doubt-${step}-${index}`, at, amounts: [unit, 0, 1] as Sums, keys: [key] };
  });
  const said = { by: 'peer "2"', reason: "its pid is gone: it's dead" };
  const order = { holder: head.name, at, ...said, how, finals, inDoubt } as const;
  run.told = `close ${JSON.stringify(order)}`;
  for (let time = random(4) === 0 ? 2 : 1; time > 0; time -= 1) {
    const reply = await store.close(order);
    run.saw(run.told, reply);
    assertEqual(reply, model.close(order), 'the reply to the end');
  }
  // Some go on talking, and are told that they ended.
  if (random(4) > 0) run.heads.splice(run.heads.indexOf(head), 1);
}

async function operate(run: Run): Promise<void> {
  const { store, model, random, orders } = run;
  const before = orders[random(Math.max(1, orders.length))];
  const isOld = random(6) === 0 && before !== undefined;
  const order = isOld ? again(run, before) : orderOf(run);
  if (order === undefined) return;
  if (!isOld) orders.push(order);
  run.told = `operate ${JSON.stringify(order)}`;
  const reply = await store.operate(order);
  run.saw(run.told, reply);
  assertEqual(reply, model.operate(order), 'the reply to the order');
}

/** The same order, or one that differs in why: a conflict. */
function again(run: Run, order: Operation): Operation {
  return run.random(2) === 0 ? order : { ...order, reason: `${order.reason}, or not` };
}

function orderOf(run: Run): Operation | undefined {
  const { random, model, unit, step } = run;
  const said = { id: `o${step}`, at: instant(DAY + step), who: 'ana', reason: 'invoice № 17' };
  const accounts = accountsOn(run);
  const account = accounts[random(accounts.length)];
  if (account === undefined) return undefined;
  const { capId, scope } = account;
  switch (random(5)) {
    case 0: {
      const by: Ceilings = [random(50) * unit, random(2) === 0 ? null : random(50) * unit, null];
      // Years before or after what any clock can say.
      const until = [null, instant(DAY - DAY_MS), instant(DAY * 2)][random(3)] ?? null;
      return { kind: 'raise', ...said, capId, scope, by, until };
    }
    case 1:
      return { kind: random(5) === 0 ? 'close-scope' : 'reopen-scope', ...said, scope };
    default: {
      const known = random(10) === 0 ? 'nothing|like|it' : model.keys[random(model.keys.length)];
      const keys = [...new Set([known ?? '', lastKeyOf(account)])].slice(0, 1 + random(2));
      const subtract: Sums = [random(12) * unit, random(12) * unit, random(2)];
      const add: Sums = [random(10) * unit, random(10) * unit, random(2)];
      const doubt = random(8) === 0 ? 'no-such-doubt' : model.doubtIds[0];
      const resolves = random(3) === 0 ? (doubt ?? null) : null;
      return { kind: 'adjust', ...said, keys, subtract, add, resolves };
    }
  }
}

async function compare({ store, model, step, unit, told }: Run): Promise<void> {
  const before = Math.max(0, step - STEPS_PER_DAY);
  const accounts = [
    ...[-1, 0, 1].flatMap((ahead) => accountsOn({ step, unit }, ahead)),
    ...accountsOn({ step: before, unit }),
  ];
  const found = await store.balances(accounts);
  const wanted = accounts.map((account) => model.balance(account));
  assertEqual(found, wanted, `balances after ${told}`);
  const holders = await store.holders();
  assertEqual(
    holders.map(({ holder }) => holder),
    model.openHolders,
    'open holders',
  );
  const doubts = await store.doubts();
  assertEqual(
    doubts.map(({ id }) => id),
    model.doubtIds,
    'doubts',
  );
}

/** Kind, id, who and why, as the model keeps them. */
function toldBy({ body }: { readonly body: string }): string {
  const told = JSON.parse(body) as Readonly<Record<string, string>>;
  const { kind = '', id, holder, who, by, reason = '' } = told;
  return kind === 'close-holder'
    ? `${kind} ${holder} ${by} ${reason}`
    : `${kind} ${id} ${who} ${reason}`;
}

function eachOf(of: Sums, change: (each: number, axis: 0 | 1 | 2) => number): Sums {
  return [change(of[0], 0), change(of[1], 1), change(of[2], 2)];
}

/** A random whole number of units, or of ones when there is less than a unit, from 0 to `of`. */
function wholes(of: number, unit: number, random: Run['random']): number {
  if (of <= 0) return 0;
  const units = Math.floor(of / unit);
  return units === 0 ? random(of + 1) : Math.min(of, random(units + 1) * unit);
}

/** Nothing in dimensions that the account does not cap: there is nothing to ask for. */
function inCapped({ ceiling }: Account, amounts: Sums): Sums {
  const isCapped = [ceiling.usd, ceiling.tokens, ceiling.calls].map((cap) => cap !== undefined);
  return eachOf(amounts, (each, axis) => (isCapped[axis] === true ? each : 0));
}

import type { Account } from '../../ledger/account.ts';
import type { LeaseStore, StoreBalance } from '../../ledger/leases/lease-store.ts';
import type {
  CloseOrder,
  ExchangeReply,
  HolderIdentity,
  HolderMessage,
  SliceItem,
  SliceState,
} from '../../ledger/leases/message.ts';
import type { AdjustOperation, RaiseOperation } from '../../ledger/leases/operation.ts';
import { NO_SUMS, type Sums } from '../../ledger/leases/sums.ts';
import { assertEqual, assertKind, assertThat } from './assertions.ts';
import type { ConformanceLeaseStore } from './lease-case.ts';
import { NOON, accountOf, instant, type AccountSketch, type Sum } from './orders.ts';

/** Nano-dollars, tokens and calls in the order in which they travel; absent ones are 0. */
export function sums({ usd = 0, tokens = 0, calls = 0 }: Sum): Sums {
  return [usd, tokens, calls];
}

/** What an item says as a case writes it: absent fields are nothing. */
export interface ItemSketch {
  readonly known?: Sum;
  readonly spent?: Sum;
  readonly returned?: Sum;
  readonly inFlight?: Sum;
  readonly need?: Sum;
  /** As `need` unless given. */
  readonly demand?: Sum;
  /** As `demand` unless given. */
  readonly want?: Sum;
}

/** Lets the clock of a store go on; fails the case when it cannot. */
export async function pass(made: ConformanceLeaseStore, ms: number): Promise<void> {
  assertThat(made.pass !== undefined, 'this case is run on a store that has `pass`');
  await made.pass(ms);
}

/** Fills in an item. */
export function itemOf(account: Account, said: ItemSketch = {}): SliceItem {
  const { known = {}, spent = {}, returned = {}, inFlight = {}, need = {} } = said;
  const { demand = need, want = demand } = said;
  return {
    account,
    known: sums(known),
    spent: sums(spent),
    returned: sums(returned),
    inFlight: sums(inFlight),
    need: sums(need),
    demand: sums(demand),
    want: sums(want),
  };
}

/** A holder of the name; everything else is the same for all. */
export function identityOf(holder: string): HolderIdentity {
  const of = { host: 'host', boot: 'boot', pid: 4_711, incarnation: '815', journal: null };
  return { holder, ...of, openedAt: NOON };
}

/** Registers holders of these names. */
export async function openAll(store: LeaseStore, names: readonly string[]): Promise<void> {
  for (const name of names) await store.open(identityOf(name));
}

/** One message; an hour into the day. */
export function messageOf(holder: string, seq: number, items: readonly SliceItem[]): HolderMessage {
  return { holder, seq, at: NOON, items, declares: 'none' };
}

/** Sends a message, and fails the case unless it is applied; the answer to each item. */
export async function send(
  store: LeaseStore,
  message: HolderMessage,
): Promise<readonly SliceState[]> {
  const what = `message ${message.seq} of ${message.holder}`;
  const reply = assertKind(await store.exchange(message), 'applied', what);
  assertEqual(reply.seq, message.seq, `the number that ${what} is answered with`);
  assertEqual(
    reply.slices.map(({ key }) => key),
    message.items.map(({ account }) => account.parts.at(-1)?.key),
    `the slices that ${what} is answered with`,
  );
  return reply.slices;
}

/** A holder as a case drives it: numbers its messages and sends one item. */
export class Speaker {
  readonly name: string;
  readonly #store: LeaseStore;
  #seq = 0;
  #last: HolderMessage | undefined;

  constructor(store: LeaseStore, name: string) {
    this.#store = store;
    this.name = name;
  }

  /** Says something of one account, and fails the case unless that is applied. */
  async say(account: Account, said: ItemSketch): Promise<SliceState> {
    this.#seq += 1;
    this.#last = messageOf(this.name, this.#seq, [itemOf(account, said)]);
    return await this.again();
  }

  /** Says the last thing again, word for word. */
  async again(): Promise<SliceState> {
    assertThat(this.#last !== undefined, 'something was said before it is said again');
    const [state] = await send(this.#store, this.#last);
    assertThat(state !== undefined, 'one item is answered by one slice');
    return state;
  }

  /** Says something that the store may refuse to apply; counts only when it is applied. */
  async tries(account: Account, said: ItemSketch): Promise<ExchangeReply> {
    const message = messageOf(this.name, this.#seq + 1, [itemOf(account, said)]);
    const reply = await this.#store.exchange(message);
    if (reply.kind !== 'applied') return reply;
    this.#seq += 1;
    this.#last = message;
    return reply;
  }
}

/** A holder that is registered, ready to speak. */
export async function speaker(store: LeaseStore, name: string): Promise<Speaker> {
  await openAll(store, [name]);
  return new Speaker(store, name);
}

/** An account capped in nano-dollars. */
export function capped(usd: number, sketch: Partial<AccountSketch> = {}): Account {
  return accountOf({ cap: 'c', ceiling: { usd }, ...sketch });
}

/** Fails the case unless the accounts stand so. */
export async function assertStands(
  store: LeaseStore,
  account: Account,
  expected: { readonly spent?: Sum; readonly held?: Sum },
): Promise<void> {
  const [found] = await store.balances([account]);
  const wanted: StoreBalance = {
    spent: sums(expected.spent ?? {}),
    held: sums(expected.held ?? {}),
  };
  assertEqual(found, wanted, `what stands in ${account.capId} ${account.scope}`);
}

/** The end of a holder, `proven` unless said. */
export function closeOf(
  holder: string,
  order: Partial<Pick<CloseOrder, 'how' | 'finals' | 'inDoubt' | 'reason' | 'by'>> = {},
): CloseOrder {
  const said = { by: 'case', reason: 'the case ends it', how: 'proven' as const };
  return { holder, at: NOON, ...said, finals: [], inDoubt: [], ...order };
}

/** A correction by an operator; `resolves` nothing unless said. */
export function adjustOf(
  id: string,
  order: Pick<AdjustOperation, 'keys'> &
    Partial<Pick<AdjustOperation, 'subtract' | 'add' | 'resolves'>>,
): AdjustOperation {
  const said = { at: NOON, who: 'ana', reason: 'invoice 17' };
  const sum = { subtract: NO_SUMS, add: NO_SUMS, resolves: null };
  return { kind: 'adjust', id, ...said, ...sum, ...order };
}

/** An order of an operator: so many nano-dollars more for the cap of an account. */
export function raiseOf(
  id: string,
  account: Account,
  { usd, until = null }: { readonly usd: number; readonly until?: number | null },
): RaiseOperation {
  const { capId, scope } = account;
  const said = { at: NOON, who: 'ana', reason: 'launch day', capId, scope };
  const end = until === null ? null : instant(until);
  return { kind: 'raise', id, ...said, by: [usd, null, null], until: end };
}

/** The key of the part that an account's slices are of. */
export function lastKeyOf(account: Account): string {
  return account.parts.at(-1)?.key ?? '';
}

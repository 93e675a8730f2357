import { invariant } from '../../errors/error.ts';
import type { Pool } from '../../budget/pool.ts';
import type { Account, Amounts, Balance } from '../../ledger/account.ts';
import { addAmounts, AMOUNTS_ZERO } from '../../ledger/amounts.ts';
import type {
  AdjustOrder,
  AdjustReply,
  EndOrder,
  EndReply,
  ExtendOrder,
  ExtendReply,
  Ledger,
  OpenHold,
  ReserveOrder,
  ReserveReply,
  SettleOrder,
  Short,
} from '../../ledger/ledger.ts';
import { shortOf } from '../balance.ts';
import { BudgetAccount, leavesOf, shortsOfBudgets, vectorOf } from './budget-account.ts';

/** Ended draws on budgets that are remembered, so that late figures can correct them. */
const ENDED_MAX = 50_000;

/** What one reservation took from budgets. */
interface BudgetDraw {
  readonly pools: readonly Pool[];
  readonly amounts: Amounts;
}

/**
 * A ledger that also knows budgets: an order may draw on both, and takes from all or from none.
 *
 * Budgets live in this process and decide at once. They are asked first, and give back what they
 * held when the ledger behind says no.
 */
export class BudgetLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #open = new Map<string, BudgetDraw>();
  readonly #ended = new Map<string, BudgetDraw>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  reserve(order: ReserveOrder): ReserveReply {
    const pools = leavesOf(order.accounts);
    if (pools.length === 0) return this.#ledger.reserve(order);
    const short = shortsOfBudgets(pools, order.amounts);
    if (short.length > 0) return this.#refused(short, order);
    const reply = this.#ledger.reserve(behindOrder(order));
    if (reply.kind === 'reserved') this.#hold(order, pools);
    return reply;
  }

  async reserveAsync(order: ReserveOrder): Promise<ReserveReply> {
    const pools = leavesOf(order.accounts);
    if (pools.length === 0) return this.#ledger.reserveAsync(order);
    const short = shortsOfBudgets(pools, order.amounts);
    if (short.length > 0) return this.#refused(short, order);
    // Held before the store is asked: nobody may take it while the answer is on its way.
    this.#hold(order, pools);
    let isReserved = false;
    try {
      const reply = await this.#ledger.reserveAsync(behindOrder(order));
      isReserved = reply.kind === 'reserved';
      return reply;
    } finally {
      if (!isReserved) this.#end(order.id, AMOUNTS_ZERO, false);
    }
  }

  extend(order: ExtendOrder): ExtendReply {
    const draw = this.#open.get(order.id);
    if (draw === undefined) return this.#ledger.extend(order);
    const short = shortsOfBudgets(draw.pools, order.by);
    if (short.length > 0) return { kind: 'refused', short };
    const reply = this.#ledger.extend(order);
    if (reply.kind !== 'extended') return reply;
    for (const pool of draw.pools) pool.hold(vectorOf(order.by));
    this.#open.set(order.id, { ...draw, amounts: addAmounts(draw.amounts, order.by) });
    return reply;
  }

  settle(order: SettleOrder): EndReply {
    return this.#finish(this.#ledger.settle(order), order.id, () => order.amounts);
  }

  release(order: EndOrder): EndReply {
    return this.#finish(this.#ledger.release(order), order.id, () => AMOUNTS_ZERO);
  }

  expire(order: EndOrder): EndReply {
    return this.#finish(this.#ledger.expire(order), order.id, (held) => held);
  }

  adjust(order: AdjustOrder): AdjustReply {
    const reply = this.#ledger.adjust(order);
    if (reply.kind !== 'adjusted' || reply.repeated) return reply;
    const draw = this.#ended.get(order.reservationId);
    if (draw === undefined) return reply;
    for (const pool of draw.pools) pool.correct(vectorOf(draw.amounts), vectorOf(order.amounts));
    this.#ended.set(order.reservationId, { ...draw, amounts: order.amounts });
    return { ...reply, overdrawn: [...reply.overdrawn, ...overdrawnOf(draw.pools)] };
  }

  balance(account: Account): Balance {
    return BudgetAccount.behind(account)?.balance() ?? this.#ledger.balance(account);
  }

  openHolds(): Iterable<OpenHold> {
    return this.#ledger.openHolds();
  }

  #hold({ id, amounts }: ReserveOrder, pools: readonly Pool[]): void {
    invariant(!this.#open.has(id), 'a reservation id is used once');
    for (const pool of pools) pool.hold(vectorOf(amounts));
    this.#open.set(id, { pools, amounts });
  }

  #refused(ofBudgets: readonly Short[], order: ReserveOrder): ReserveReply {
    return { kind: 'refused', short: [...shortOf(this.#ledger, behindOrder(order)), ...ofBudgets] };
  }

  /**
   * Ends the draw on budgets with the hold behind it. Where that had ended before, by an operator
   * or with its ledger, the draw ends here: nobody will end it again.
   */
  #finish(reply: EndReply, id: string, spentOf: (held: Amounts) => Amounts): EndReply {
    const draw = this.#open.get(id);
    if (draw === undefined || reply.kind === 'unavailable') return reply;
    this.#end(id, spentAs(reply, draw.amounts, spentOf(draw.amounts)), true);
    if (reply.kind !== 'ended') return reply;
    return { ...reply, overdrawn: [...reply.overdrawn, ...overdrawnOf(draw.pools)] };
  }

  #end(id: string, spent: Amounts, isKept: boolean): void {
    const draw = this.#open.get(id);
    if (draw === undefined) return;
    this.#open.delete(id);
    for (const pool of draw.pools) pool.settle(vectorOf(draw.amounts), vectorOf(spent));
    if (!isKept) return;
    this.#ended.set(id, { ...draw, amounts: spent });
    if (this.#ended.size <= ENDED_MAX) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}

/** What to book on budgets: as the ledger booked it, or more where it does not say what. */
function spentAs(
  reply: Exclude<EndReply, { readonly kind: 'unavailable' }>,
  held: Amounts,
  ordered: Amounts,
): Amounts {
  if (reply.kind !== 'already') return ordered;
  if (reply.outcome === 'released') return AMOUNTS_ZERO;
  return ordered.usd > held.usd ? ordered : held;
}

/** The accounts that a ledger keeps: all but budgets. */
export function withoutBudgets(accounts: readonly Account[]): readonly Account[] {
  return accounts.filter((account) => !(account instanceof BudgetAccount));
}

function behindOrder(order: ReserveOrder): ReserveOrder {
  return { ...order, accounts: withoutBudgets(order.accounts) };
}

function overdrawnOf(pools: readonly Pool[]): readonly Account[] {
  return pools
    .flatMap((pool) => BudgetAccount.chainOf(pool))
    .filter((account) => account.balance().overdrawn && !account.pool.isClosed);
}

import { invariant } from '../errors/error.ts';
import { DIMENSIONS, isLimited, plus, UNLIMITED, type Vector } from './budget-amounts.ts';

/** Where the money of a pool stands, as vectors over `DIMENSIONS`. */
export interface PoolBalance {
  readonly granted: Vector;
  /** Here and in everything below. */
  readonly spent: Vector;
  /** In open holds, and fenced off in parts below. */
  readonly held: Vector;
  /** What this pool could still take, all pools above it agreeing. Never negative. */
  readonly room: Vector;
}

/** Why a pool cannot take a sum. */
export interface PoolShort {
  readonly pool: Pool;
  /** Index into `DIMENSIONS`. */
  readonly dimension: number;
  readonly needed: number;
  readonly isClosed: boolean;
}

/**
 * What the root of a tree tells: whoever minted it keeps the balance of all. In a dimension that a
 * root does not limit, money comes into being as it leaves the tree: spent, or moved to another.
 */
export interface MintBook {
  minted(grant: Vector): void;
  spent(amounts: Vector): void;
  returned(amounts: Vector): void;
  /** By how much the spending of a tree above its grant has changed. */
  overage(change: Vector): void;
}

const WIDTH = DIMENSIONS.length;

/** Deeper trees are refused, so that no walk is longer. */
export const POOL_DEPTH_MAX = 1024;

/**
 * One sum in a tree of sums: pure arithmetic, no handle, no clock.
 *
 * A pool is *fenced* in the dimensions that were split off for it: their amount stands aside in the
 * pool above and nobody else can take it. In all others it is a ceiling on what the pools above it
 * share. A root is fenced in everything.
 *
 * B1. In every dimension and every pool, `granted = spent + held + room`, but for overage, which
 *     is booked in full and leaves no room.
 * B2. A hold stands in its pool and in each pool above it up to the first that is fenced; what is
 *     spent is spent in each pool above it, once.
 * B3. A move takes from one place what it puts in another; nothing is created but by the mint.
 * B4. Nothing is held in a closed pool, nor below it where its ceiling is shared. What comes back
 *     to a closed pool goes on upwards.
 * B5. Everything is checked before anything changes.
 */
export class Pool {
  readonly name: string;
  readonly parent: Pool | undefined;
  readonly depth: number;
  readonly #fenced: readonly boolean[];
  readonly #granted: number[];
  readonly #spent: number[] = zeros();
  readonly #held: number[] = zeros();
  readonly #isPart: boolean;
  /** This pool and those above it. */
  readonly #path: readonly Pool[];
  /** In each dimension, who pays for a hold here: up to the first pool that is fenced in it. */
  readonly #payersOf: readonly (readonly Pool[])[];
  readonly #book: MintBook | undefined;
  /** Of a root only: who is told of changes anywhere in its tree. */
  readonly #watchers = new Set<() => void>();
  #isClosed = false;

  private constructor(name: string, grant: Vector, place: PoolPlace) {
    this.name = name;
    this.parent = place.parent;
    this.depth = place.parent === undefined ? 0 : place.parent.depth + 1;
    this.#granted = [...grant];
    this.#fenced = grant.map((_, index) => place.fenced && isLimited(grant, index));
    this.#isPart = place.fenced;
    this.#path = place.parent === undefined ? [this] : [this, ...place.parent.#path];
    this.#payersOf = DIMENSIONS.map((_, index) => {
      const end = this.#path.findIndex((pool) => pool.#fenced[index] === true);
      return end === -1 ? this.#path : this.#path.slice(0, end + 1);
    });
    this.#book = place.book;
  }

  /** A tree of its own. */
  static root(name: string, grant: Vector, book: MintBook): Pool {
    book.minted(grant);
    return new Pool(name, grant, { parent: undefined, fenced: true, book });
  }

  /**
   * Whether nothing more may be held here: this pool was closed, or one above it whose ceiling it
   * shares. What was split off does not end with what it was split from.
   */
  get isClosed(): boolean {
    for (const pool of this.#path) {
      if (pool.#isClosed) return true;
      if (pool.#isPart) return false;
    }
    return false;
  }

  /** The pool that all above it end in. */
  get root(): Pool {
    return this.#path[this.#path.length - 1] ?? this;
  }

  /**
   * Calls `changed` whenever something in this tree was spent, came back or was moved. It is called
   * in the middle of what changes it, so it only takes note. Returns how to stop.
   */
  watchTree(changed: () => void): () => void {
    const { root } = this;
    root.#watchers.add(changed);
    return () => root.#watchers.delete(changed);
  }

  /** Whether `other` stands above this pool, or is it. */
  isWithin(other: Pool): boolean {
    for (const pool of this.#path) if (pool === other) return true;
    return false;
  }

  balance(): PoolBalance {
    return {
      granted: [...this.#granted],
      spent: [...this.#spent],
      held: [...this.#held],
      room: DIMENSIONS.map((_, index) => this.#roomInAll(index)),
    };
  }

  /** The first pool, here or above, that cannot take `cost`; `undefined` when all can. */
  shortOf(cost: Vector): PoolShort | undefined {
    if (this.isClosed) return this.#closedShort(cost);
    for (let index = 0; index < WIDTH; index++) {
      const needed = cost[index] ?? 0;
      if (needed === 0) continue;
      for (const pool of this.#payers(index)) {
        if (needed > pool.#room(index)) {
          return { pool, dimension: index, needed, isClosed: false };
        }
      }
    }
    return undefined;
  }

  #closedShort(cost: Vector): PoolShort {
    const found = cost.findIndex((figure) => figure > 0);
    const dimension = Math.max(0, found);
    return { pool: this, dimension, needed: cost[dimension] ?? 0, isClosed: true };
  }

  /** Holds a sum that `shortOf` has found room for. */
  hold(cost: Vector): void {
    this.#tie(cost, 1);
  }

  /** Ends a hold: the held sum comes back, and what it truly cost is booked, above it too. */
  settle(held: Vector, spent: Vector): void {
    this.#tie(held, -1);
    this.#spend(spent);
    this.#sweep();
    this.#tell();
  }

  /** Corrects what was booked; both are totals of one attempt. */
  correct(from: Vector, to: Vector): void {
    this.#spend(to.map((figure, index) => figure - (from[index] ?? 0)));
    this.#sweep();
    this.#tell();
  }

  /** Holds and settles in one: for what is spent already when it is told. */
  spend(cost: Vector): void {
    this.#spend(cost);
    this.#tell();
  }

  /** A pool below this one, fenced off (`split`) or a ceiling on what is shared (`delegate`). */
  below(name: string, grant: Vector, { fenced }: { readonly fenced: boolean }): Pool {
    invariant(this.depth < POOL_DEPTH_MAX, `a tree is at most ${POOL_DEPTH_MAX} pools deep`);
    const child = new Pool(name, grant, { parent: this, fenced, book: undefined });
    if (fenced) this.#tie(finite(grant), 1);
    return child;
  }

  /**
   * Closes the pool: nothing more is held in or below it. What is left goes to the pool above, or
   * back to the mint. Returns what was left of what had been fenced off for it.
   */
  close(): Vector {
    const left = DIMENSIONS.map((_, index) =>
      this.#fenced[index] === true ? Math.max(0, this.#room(index)) : 0,
    );
    this.#isClosed = true;
    this.#sweep();
    this.#tell();
    return left;
  }

  /**
   * Why what is left here cannot go to `to`; `undefined` when it can. Only ceilings between may
   * refuse it. `to` does not lie below this pool.
   */
  moveShort(to: Pool): PoolShort | undefined {
    const meeting = this.#meeting(to);
    const between = to.#upTo(meeting).slice(1);
    for (let index = 0; index < WIDTH; index++) {
      if (this.#fenced[index] !== true) continue;
      const needed = Math.max(0, this.#room(index));
      for (const pool of between) {
        if (pool.#fenced[index] === true) break;
        if (to.#fenced[index] === true && needed > pool.#room(index)) {
          return { pool, dimension: index, needed, isClosed: false };
        }
      }
    }
    return undefined;
  }

  /**
   * Moves all that is left here to `to`, which does not lie below it, and closes this pool.
   * `moveShort` has found no reason against it.
   */
  moveTo(to: Pool): void {
    invariant(!to.isWithin(this), 'money moves sideways or upwards');
    const meeting = this.#meeting(to);
    for (let index = 0; index < WIDTH; index++) {
      const amount = Math.max(0, this.#room(index));
      if (amount === UNLIMITED || amount === 0) continue;
      if (this.#fenced[index] === true) this.#carry(to, meeting, { index, amount });
      else if (meeting !== to && to.#fenced[index] === false) to.#regrant(index, amount);
    }
    this.#isClosed = true;
    this.#sweep();
    this.#tell();
    if (meeting === undefined) to.#tell();
  }

  /** Lifts fenced money to where the two trees meet and lowers it to `to`. */
  #carry(
    to: Pool,
    meeting: Pool | undefined,
    { index, amount }: { readonly index: number; readonly amount: number },
  ): void {
    for (const pool of this.#upTo(meeting)) pool.#regrant(index, -amount);
    for (const pool of to.#upTo(meeting).toReversed()) {
      if (pool === to || pool.#fenced[index] === true) pool.#regrant(index, amount);
    }
    if (meeting === undefined) this.#crossed(to, index, amount);
  }

  /** Books what a tree without a limit gives to one that has one, or takes from it. */
  #crossed(to: Pool, index: number, amount: number): void {
    const [from, into] = [this.root, to.root];
    const isFromLimited = from.#granted[index] !== UNLIMITED;
    const isIntoLimited = into.#granted[index] !== UNLIMITED;
    if (isFromLimited && !isIntoLimited) from.#book?.returned(oneAt(index, amount));
    if (!isFromLimited && isIntoLimited) from.#book?.minted(oneAt(index, amount));
  }

  #room(index: number): number {
    const granted = this.#granted[index] ?? 0;
    if (granted === UNLIMITED) return UNLIMITED;
    return granted - (this.#spent[index] ?? 0) - (this.#held[index] ?? 0);
  }

  #roomInAll(index: number): number {
    if (this.isClosed) return 0;
    let room = UNLIMITED;
    for (const pool of this.#payers(index)) room = Math.min(room, pool.#room(index));
    return Math.max(0, room);
  }

  #payers(index: number): readonly Pool[] {
    return this.#payersOf[index] ?? this.#path;
  }

  /** Adds to (or takes from) what is held here and in all who pay for it. */
  #tie(amounts: Vector, sign: 1 | -1): void {
    for (let index = 0; index < WIDTH; index++) {
      const amount = amounts[index] ?? 0;
      if (amount !== 0) this.#tieOne(index, sign * amount);
    }
  }

  #tieOne(index: number, change: number): void {
    for (const pool of this.#payers(index)) {
      const held = (pool.#held[index] ?? 0) + change;
      invariant(held >= 0, 'what is held is never negative');
      pool.#held[index] = held;
    }
  }

  /** Books in each pool above, once; what stood aside for a fenced pool shrinks by it. */
  #spend(amounts: Vector): void {
    const { root } = this;
    for (let index = 0; index < WIDTH; index++) {
      const amount = amounts[index] ?? 0;
      if (amount === 0) continue;
      for (const pool of this.#path) {
        const before = pool.#standing(index);
        pool.#spent[index] = plus(pool.#spent[index] ?? 0, amount);
        pool.#stood(index, before);
      }
      if (root.#granted[index] === UNLIMITED) root.#book?.minted(oneAt(index, amount));
    }
    root.#book?.spent(amounts);
  }

  /** What stands aside for this pool in the one above; below zero: what it is overdrawn by. */
  #standing(index: number): number {
    if (this.#fenced[index] !== true) return 0;
    return (this.#granted[index] ?? 0) - (this.#spent[index] ?? 0);
  }

  /** Tells of a changed `#standing`: the pool above what stands aside, the mint what is over. */
  #stood(index: number, before: number): void {
    const after = this.#standing(index);
    const change = Math.max(0, after) - Math.max(0, before);
    if (change !== 0 && this.parent !== undefined) this.parent.#tieOne(index, change);
    const over = Math.max(0, -after) - Math.max(0, -before);
    if (over !== 0) this.#book?.overage(oneAt(index, over));
  }

  #regrant(index: number, change: number): void {
    if (this.#granted[index] === UNLIMITED) return;
    const before = this.#standing(index);
    this.#granted[index] = plus(this.#granted[index] ?? 0, change);
    this.#stood(index, before);
  }

  /** What is left in a closed pool goes upwards, through all that are closed. */
  #sweep(): void {
    for (const pool of this.#path) {
      if (!pool.#isClosed) continue;
      const left = DIMENSIONS.map((_, index) =>
        pool.#fenced[index] === true ? Math.max(0, pool.#room(index)) : 0,
      );
      for (let index = 0; index < WIDTH; index++) {
        const amount = left[index] ?? 0;
        if (amount > 0) pool.#regrant(index, -amount);
      }
      pool.#book?.returned(left);
    }
  }

  #tell(): void {
    for (const changed of this.root.#watchers) changed();
  }

  /** The lowest pool that is above both, or `undefined`: they are of two trees. */
  #meeting(other: Pool): Pool | undefined {
    for (const pool of this.#path) if (other.isWithin(pool)) return pool;
    return undefined;
  }

  /** The pools from this one up to `end`, without it. */
  #upTo(end: Pool | undefined): Pool[] {
    const path: Pool[] = [];
    for (const pool of this.#path) {
      if (pool === end) break;
      path.push(pool);
    }
    return path;
  }
}

interface PoolPlace {
  readonly parent: Pool | undefined;
  readonly fenced: boolean;
  readonly book: MintBook | undefined;
}

function zeros(): number[] {
  return DIMENSIONS.map(() => 0);
}

function oneAt(index: number, amount: number): Vector {
  return DIMENSIONS.map((_, at) => (at === index ? amount : 0));
}

/** The grant where it is limited, nothing elsewhere. */
function finite(grant: Vector): Vector {
  return grant.map((figure) => (figure === UNLIMITED ? 0 : figure));
}

import { invariant } from '../../errors/error.ts';
import type { EpochMs } from '../../units/time.ts';
import { isBeside } from './hearing.ts';
import { applyItem, endSlice, type AccountRow, type SliceRow } from './granter.ts';
import type { SliceUsage } from './leases.ts';
import type { CloseOrder, ExchangeReply, HolderIdentity, InDoubt } from './message.ts';
import type { HolderMessage, HolderState, SliceFinal, SliceItem, SliceState } from './message.ts';
import type { Slice } from './slice.ts';
import { NO_SUMS, ceilingsOf, minus, plus, type Sums } from './sums.ts';

/** A holder below the tier. */
export interface LowerHolder {
  readonly identity: HolderIdentity;
  isOpen: boolean;
  seq: number;
  /** What was said to its last message: it may ask again, and it asks one thing at a time. */
  reply: ExchangeReply | undefined;
  /** Its message that is being carried out, and the promise of the reply. */
  pending: { readonly seq: number; readonly reply: Promise<ExchangeReply> } | undefined;
  lastSeenAt: EpochMs;
  readonly slices: Map<string, SliceRow>;
}

/** One item of a lower holder's message, and the tier's own slice of its account. */
export interface TierItem {
  readonly item: SliceItem;
  readonly slice: Slice;
}

/**
 * What holders below a tier have of its slices: the same rows that a store keeps, with the tier's
 * slice in the place of the ceiling.
 *
 * A message is carried out in two halves: its reports at once, so that what they free counts, and
 * its grants when the tier's slices cover them or cannot. Each half has its own number, so that
 * neither is ever applied twice.
 */
export class TierRows {
  readonly holders = new Map<string, LowerHolder>();
  readonly #rows = new Map<string, AccountRow>();
  /** What the tier's own slice code reads: all that lower holders have is in use. */
  readonly usage: SliceUsage = {
    spentOf: ({ key }, dimension) => this.#rows.get(key)?.spent[dimension] ?? 0,
    heldOf: ({ key }, dimension) => this.#rows.get(key)?.held[dimension] ?? 0,
    inFlightOf: ({ key }, dimension) => this.#rows.get(key)?.inFlight[dimension] ?? 0,
    recalled: ({ key }) => {
      const row = this.#rows.get(key);
      if (row !== undefined) this.#rows.set(key, { ...row, recall: row.recall + 1 });
    },
    isAtRest: ({ key }) => (this.#rows.get(key)?.slices ?? 0) === 0,
    forget: ({ key }) => {
      this.#rows.delete(key);
    },
  };

  /** Registers a holder; the same one again changes nothing. */
  open(identity: HolderIdentity, at: EpochMs): void {
    if (this.holders.has(identity.holder)) return;
    this.holders.set(identity.holder, {
      identity,
      isOpen: true,
      seq: 0,
      reply: undefined,
      pending: undefined,
      lastSeenAt: at,
      slices: new Map(),
    });
  }

  /** Open holders, oldest first. */
  list(): readonly HolderState[] {
    return [...this.holders.values()]
      .filter(({ isOpen }) => isOpen)
      .map(({ identity, isOpen, seq, lastSeenAt }) => ({ ...identity, isOpen, seq, lastSeenAt }));
  }

  /** Books what the message reports and takes back what it returns; why not, when it cannot. */
  report(holder: LowerHolder, message: HolderMessage, items: readonly TierItem[]) {
    const seq = message.seq * 2;
    const isDeclared = message.declares !== 'none';
    const said = items.map(({ item, slice }) => {
      const silent = { ...item, need: NO_SUMS, demand: NO_SUMS, want: NO_SUMS };
      return { item: silent, slice };
    });
    for (const one of said) {
      const answer = this.#apply(holder, one, { seq, isDeclared });
      if (answer.kind === 'lost') return answer.reason;
    }
    for (const one of said) this.#keep(holder, one, { seq, isDeclared });
    return undefined;
  }

  /** Grants what fits into the tier's slices, and says where everything stands. */
  grant(
    holder: LowerHolder,
    message: HolderMessage,
    { items, isExact }: { readonly items: readonly TierItem[]; readonly isExact: boolean },
  ): readonly SliceState[] {
    const seq = message.seq * 2 + 1;
    return items.map(({ item, slice }) => {
      const before = holder.slices.get(slice.key)?.isRecalled === true;
      const isNear = slice.isScarce;
      const want = isExact || isNear ? item.demand : item.want;
      const state = this.#keep(
        holder,
        { item: { ...item, want }, slice },
        { seq, isDeclared: true },
      );
      return {
        ...state,
        isNear,
        isRecalled: before || state.isRecalled,
        ...this.#beside(state, slice),
      };
    });
  }

  /** Opens a slice for a lower holder that said nothing of it. */
  openUnheard(holder: LowerHolder, one: TierItem): void {
    this.#keep(holder, one, { seq: holder.seq * 2 + 2, isDeclared: false });
  }

  /** Ends a holder: its slices go back to the tier's, or stay spent. */
  close(
    holder: LowerHolder,
    { how }: Pick<CloseOrder, 'how'>,
    finals: ReadonlyMap<string, SliceFinal>,
  ): { readonly freed: Sums; readonly charged: Sums } {
    let [freed, charged] = [NO_SUMS, NO_SUMS];
    for (const [key, slice] of holder.slices) {
      const row = this.#rows.get(key);
      invariant(row !== undefined, 'a slice is of an account that exists');
      const whole = minus(slice.granted, slice.returned);
      const spent = how === 'charged' ? whole : (finals.get(key)?.spent ?? slice.spent);
      const ended = endSlice(row, slice, spent);
      this.#rows.set(key, ended.row);
      freed = plus(freed, ended.freed);
      charged = plus(charged, ended.charged);
    }
    holder.isOpen = false;
    return { freed, charged };
  }

  /** Calls of lower holders that were charged at their bound and that nobody above knows of. */
  readonly doubts: (InDoubt & { readonly holder: string })[] = [];

  #apply(
    holder: LowerHolder,
    { item, slice }: TierItem,
    { seq, isDeclared }: { readonly seq: number; readonly isDeclared: boolean },
  ) {
    return applyItem({
      item,
      seq,
      row: this.#rows.get(slice.key),
      slice: holder.slices.get(slice.key),
      elsewhere: NOTHING,
      // A slice that must be heard of first grants nothing.
      ceiling: slice.isShut ? CLOSED : ceilingsOf(slice.ceiling),
      isDeclared,
    });
  }

  #keep(
    holder: LowerHolder,
    one: TierItem,
    how: { readonly seq: number; readonly isDeclared: boolean },
  ): Omit<SliceState, 'parts'> {
    const answer = this.#apply(holder, one, how);
    invariant(answer.kind === 'applied', 'what the tier knows of one slice says no other');
    this.#rows.set(one.slice.key, answer.row);
    holder.slices.set(one.slice.key, answer.slice);
    return answer.state;
  }

  /** The state in the light of what the tier heard from above. */
  #beside(state: Omit<SliceState, 'parts'>, slice: Slice) {
    const { heard, effective, account } = slice;
    let othersSpent = plus(state.othersSpent, heard?.othersSpent ?? NO_SUMS);
    let othersHeld = plus(state.othersHeld, heard?.othersHeld ?? NO_SUMS);
    for (const other of slice.series?.slices ?? []) {
      if (!isBeside(slice, other)) continue;
      const row = this.#rows.get(other.key);
      othersSpent = plus(othersSpent, row?.spent ?? NO_SUMS);
      othersHeld = plus(othersHeld, row?.held ?? NO_SUMS);
    }
    const isRolling = account.parts.length > 1;
    return {
      othersSpent,
      othersHeld,
      ceiling: effective,
      idleElsewhere: plus(state.idleElsewhere, heard?.idleElsewhere ?? NO_SUMS),
      parts: isRolling
        ? account.parts.map(({ key }, index) => {
            const row = this.#rows.get(key);
            const own = row === undefined ? NO_SUMS : plus(row.spent, row.held);
            return plus(own, heard?.othersByPart[index] ?? NO_SUMS);
          })
        : [],
    };
  }

  /** What lower holders have in an account's last part. */
  standing(key: string): { readonly spent: Sums; readonly held: Sums } {
    return this.#rows.get(key) ?? NOTHING;
  }
}

const NOTHING = { spent: NO_SUMS, held: NO_SUMS };
const CLOSED = [0, 0, 0] as const;

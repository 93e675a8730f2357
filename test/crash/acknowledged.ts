/** What a holder wrote down of its own calls, and what must be in the books after it died. */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { InDoubt } from '../../src/ledger/leases/message.ts';
import { NO_SUMS, plus, type Sums } from '../../src/ledger/leases/sums.ts';
import { accountsAt, type Place } from './calls.ts';

/** What a holder can ask for, as it writes it down before it asks. */
export type Attempt =
  | { readonly kind: 'reserve'; readonly place: Place; readonly sums: Sums }
  | { readonly kind: 'extend' | 'settle'; readonly sums: Sums }
  | { readonly kind: 'release' };

/**
 * A holder's own notes, on its side of the crash: before each call to the ledger what it asks for,
 * and after the call returned whether it was done.
 */
export class Notes {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a');
  }

  asks(id: string, attempt: Attempt): void {
    this.#write([id, '?', attempt]);
  }

  isDone(id: string): void {
    this.#write([id, '+']);
  }

  isRefused(id: string): void {
    this.#write([id, '-']);
  }

  /** The holder asks the ledger to close; it has no call under way. */
  closes(): void {
    this.#write(['', '?']);
  }

  isClosed(): void {
    this.#write(['', '+']);
  }

  end(): void {
    closeSync(this.#descriptor);
  }

  #write(note: unknown): void {
    writeSync(this.#descriptor, `${JSON.stringify(note)}\n`);
  }
}

/** Where one call can stand in the books. */
type State =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly sums: Sums }
  | { readonly kind: 'ended'; readonly sums: Sums };

interface Call {
  readonly place: Place;
  /** One state, or two while nobody knows whether what was asked for was done. */
  states: readonly State[];
  before: readonly State[];
}

/** What notes say that the books must hold. */
export class Acknowledged {
  readonly calls = new Map<string, Call>();
  isClosed = false;
  /** Notes taken. */
  count = 0;

  /** A last line that was cut off noted nothing. */
  constructor(text: string) {
    const lines = text.split('\n').slice(0, -1);
    for (const line of lines) {
      const [id, sign, attempt] = JSON.parse(line) as [string, '?' | '+' | '-', Attempt?];
      this.take(id, sign, attempt);
    }
  }

  /** Applies one note. */
  take(id: string, sign: '?' | '+' | '-', attempt?: Attempt): void {
    this.count += 1;
    if (id === '') return this.#close(sign);
    if (attempt?.kind === 'reserve') {
      this.calls.set(id, { place: attempt.place, states: [{ kind: 'none' }], before: [] });
    }
    const call = this.calls.get(id)!;
    if (attempt !== undefined) {
      call.before = call.states;
      call.states = [...call.states, ...call.states.flatMap((state) => next(state, attempt))];
    } else if (sign === '+') call.states = call.states.slice(call.before.length);
    else call.states = call.before;
  }

  /**
   * The sums by key that must be booked, given the calls that the store lists as in doubt. Notes
   * every call that cannot stand as it does: one that was forgotten, or is charged otherwise.
   */
  booked(doubts: ReadonlyMap<string, InDoubt>, report: (finding: string) => void) {
    const sums = new Map<string, Sums>();
    for (const [id, { place, states }] of this.calls) {
      const doubt = doubts.get(id);
      const possible = states.filter((state) =>
        doubt === undefined
          ? state.kind !== 'open'
          : state.kind === 'open' && String(state.sums) === String(doubt.amounts),
      );
      const [state] = possible;
      if (state === undefined || possible.length > 1) {
        const found = doubt === undefined ? 'not in doubt' : `in doubt at ${String(doubt.amounts)}`;
        report(`${id} is ${found}; it was acknowledged as ${JSON.stringify(states)}`);
        continue;
      }
      const spent = state.kind === 'none' ? NO_SUMS : state.sums;
      for (const { parts } of accountsAt(place)) {
        const { key } = parts.at(-1)!;
        sums.set(key, plus(sums.get(key) ?? NO_SUMS, spent));
      }
    }
    return sums;
  }

  /** Closing a ledger books its open calls as spent, and may list them as in doubt. */
  #close(sign: '?' | '+' | '-'): void {
    this.isClosed = sign === '+';
    if (this.isClosed) return;
    for (const call of this.calls.values()) {
      const open = call.states.filter(({ kind }) => kind === 'open');
      const ended = open.map((state) => ({ ...state, kind: 'ended' }) as State);
      call.states = [...call.states, ...ended];
    }
  }
}

function next(state: State, attempt: Attempt): State[] {
  if (attempt.kind === 'reserve') return [{ kind: 'open', sums: attempt.sums }];
  if (state.kind !== 'open') return [];
  switch (attempt.kind) {
    case 'extend':
      return [{ kind: 'open', sums: plus(state.sums, attempt.sums) }];
    case 'settle':
      return [{ kind: 'ended', sums: attempt.sums }];
    case 'release':
      return [{ kind: 'ended', sums: NO_SUMS }];
  }
}

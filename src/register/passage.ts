import { AsyncLocalStorage } from 'node:async_hooks';
import { carryMarks, type HeldMark } from '../adapters/mark.ts';
import type { BudgetGuard } from '../guard/guard.ts';

/** Leave for one thing, once. */
export class Ticket {
  #isTaken = false;

  /** Whether this is the first use. */
  take(): boolean {
    const isFirst = !this.#isTaken;
    this.#isTaken = true;
    return isFirst;
  }
}

/** Leave to open connections, until the request that needs them has one. */
export class ConnectLeave {
  #isOpen = true;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    this.#isOpen = false;
  }
}

/**
 * What a request that was let go tells the nets under it, where nothing but async context reaches.
 * Each leave is good once: callbacks of the caller run in the same context later.
 */
interface Passage {
  /** Holds of a wrapper further out, that sends through a client of its own. */
  readonly marks: readonly HeldMark[];
  /** One request of the dispatcher below `fetch`. */
  readonly ticket: Ticket | undefined;
  readonly connect: ConnectLeave | undefined;
}

const passages = new AsyncLocalStorage<Passage>();
const NONE: Passage = { marks: [], ticket: undefined, connect: undefined };

/** Lets wrappers tell the nets below that a request is held already. */
export function carryHeldMarks(): void {
  carryMarks((marks, send) => {
    const sent = passages.run({ ...NONE, marks }, send);
    whenOver(sent, () => {
      for (const mark of marks) mark.take();
    });
    return sent;
  });
}

/** A leave that was not needed (an answer from a cache) is none for what is sent afterwards. */
function whenOver(sent: Promise<unknown>, revoke: () => void): void {
  sent.then(revoke, revoke);
}

/** Whether `guard` holds the request that is being sent here already; true once for each hold. */
export function takeHeld(guard: BudgetGuard): boolean {
  const { marks } = passages.getStore() ?? NONE;
  return marks.some((mark) => mark.guard === guard && mark.take());
}

/** Sends one `fetch` whose request has been decided on. */
export function withTicket<T>(send: () => Promise<T>): Promise<T> {
  const [ticket, connect] = [new Ticket(), new ConnectLeave()];
  const sent = passages.run({ ...NONE, ticket, connect }, send);
  whenOver(sent, () => {
    ticket.take();
    connect.close();
  });
  return sent;
}

/** Whether the request that is being made here was decided on further out; true once. */
export function takeTicket(): boolean {
  return passages.getStore()?.ticket?.take() ?? false;
}

/** Sends where connections may be opened meanwhile, by agents and proxies that take their time. */
export function withConnectLeave<T>(leave: ConnectLeave, send: () => T): T {
  return passages.run({ ...(passages.getStore() ?? NONE), connect: leave }, send);
}

/** The leave of the request that is being made here. */
export function connectLeave(): ConnectLeave | undefined {
  return passages.getStore()?.connect;
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { carryMarks, type HeldMark } from '../adapters/mark.ts';

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
  /** Holds of a wrapper that sends through a client of its own, each for one request. */
  readonly marks: readonly HeldMark[];
  /** One request of the dispatcher below `fetch`. */
  readonly ticket: Ticket | undefined;
  readonly connect: ConnectLeave | undefined;
}

const passages = new AsyncLocalStorage<Passage>();
const NONE: Passage = { marks: [], ticket: undefined, connect: undefined };

/** Lets wrappers tell the nets below which request is held already, even where `init` is lost. */
export function carryHeldMarks(): void {
  carryMarks({
    run: (marks, send) => passages.run({ ...NONE, marks }, send),
    marks: () => (passages.getStore() ?? NONE).marks,
  });
}

/** A leave that was not needed (an answer from a cache) is none for what is sent afterwards. */
function whenOver(sent: Promise<unknown>, revoke: () => void): void {
  sent.then(revoke, revoke);
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

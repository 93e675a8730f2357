import type { HardcapError } from '../../errors/error.ts';
import type { AgentFrame } from './frame.ts';
import { StreamWatch } from './stream-watch.ts';

/** What to do when what an agent gave has ended. */
interface Ending {
  /** Lets the frame go. Counts once. */
  readonly done: () => void;
  /** What it ends with in place of its own outcome; `undefined`: with its own. */
  readonly stoppedBy: () => HardcapError | undefined;
  /** Is told of each read that is waited for; what it returns, that its value is there. */
  readonly read?: (() => () => void) | undefined;
}

/**
 * Runs `fn` in the frame, and keeps the frame open until what `fn` gives has ended: a promise when
 * it is settled, a stream or an iterator with its last value. What pulls on a stream from elsewhere
 * runs in the frame too.
 *
 * An agent that was stopped ends with the refusal that stopped it, whatever `fn` made of that;
 * `whenStopped` may put a value in its place.
 */
export function runIn<T>(
  frame: AgentFrame,
  fn: () => T,
  whenStopped?: (error: HardcapError) => Awaited<T>,
): T {
  const stoppedBy = () => frame.stoppedBy;
  const ending: Ending = { done: ended(frame), stoppedBy };
  let given: T;
  try {
    given = entered(frame, fn);
  } catch (error) {
    ending.done();
    const stop = stoppedBy();
    if (stop !== undefined && whenStopped !== undefined) return whenStopped(stop);
    throw stop ?? error;
  }
  return outcome(given, { frame, ending, whenStopped });
}

/** Runs `fn` in the frame for as long as `fn` lasts; its outcome stays as it is. */
export function runThrough<T>(frame: AgentFrame, fn: () => T): T {
  const ending: Ending = { done: ended(frame), stoppedBy: () => undefined };
  try {
    return outcome(entered(frame, fn), { frame, ending, whenStopped: undefined });
  } catch (error) {
    ending.done();
    throw error;
  }
}

/**
 * Runs `fn` in the frame, and also what begins only when somebody waits for what `fn` gives: any
 * thenable comes out as a promise that is waited for in the frame.
 */
export function entered<T>(frame: AgentFrame, fn: () => T): T {
  return frame.enter(() => {
    const given = fn();
    if (!isThenable(given)) return given;
    return new Promise<Awaited<T>>((resolve, reject) => {
      given.then(resolve, reject);
    }) as T;
  });
}

/** The same value; what begins only when somebody waits for it, begins in the frame. In place. */
export function waitedForIn<T>(frame: AgentFrame, given: T): T {
  if (!isThenable(given) || !Object.isExtensible(given)) return given;
  // What such a promise stands for has begun.
  if (Object.getPrototypeOf(given) === Promise.prototype) return given;
  const wait: unknown = Reflect.get(given, 'then');
  if (!isFunction(wait)) return given;
  const here = (resolve: unknown, reject: unknown) => Reflect.apply(wait, given, [resolve, reject]);
  // Who waits goes on where it stands itself.
  const then: PromiseLike<unknown>['then'] = (...both) =>
    frame.enter(() => new Promise<unknown>(here)).then(...both);
  define(given, 'then', then);
  return given;
}

/** Begins an activity of the frame and says how to end it, once. */
export function ended(frame: AgentFrame): () => void {
  frame.begin();
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    frame.finish();
  };
}

/** Makes every pull on a stream or iterator run in the frame. In place; returns the same object. */
export function pulledIn<T extends object>(stream: T, frame: AgentFrame, ending: Ending): T {
  if (isReadable(stream)) pullReaders(stream, frame, ending);
  if (isIterator(stream)) pullSteps(stream, frame, ending);
  // The streams of clients are made of an `iterator()`, which their `tee` pulls on as well.
  for (const key of [Symbol.asyncIterator, Symbol.iterator, 'values', 'iterator']) {
    wrapIteration(stream, key, { frame, ending });
  }
  return stream;
}

interface OutcomeTerms<T> {
  readonly frame: AgentFrame;
  readonly ending: Ending;
  readonly whenStopped: ((error: HardcapError) => Awaited<T>) | undefined;
}

function outcome<T>(given: T, { frame, ending, whenStopped }: OutcomeTerms<T>): T {
  const { done, stoppedBy } = ending;
  const settled = (value: Awaited<T>): Awaited<T> => {
    if (typeof value === 'object' && value !== null && isLive(value)) {
      if (hasCompletion(value)) void doneAfter(value.completed, done);
      else follow(value, frame, ending);
      return value;
    }
    const stop = stoppedBy();
    done();
    if (stop === undefined) return value;
    if (whenStopped === undefined) throw stop;
    return whenStopped(stop);
  };
  const failed = (error: unknown): Awaited<T> => {
    const stop = stoppedBy();
    done();
    if (stop !== undefined && whenStopped !== undefined) return whenStopped(stop);
    throw stop ?? error;
  };
  return (isThenable(given) ? given.then(settled, failed) : settled(given as Awaited<T>)) as T;
}

/** Sees the end of a stream: in its reads, in what it tells of itself, or in that nothing comes. */
function follow(stream: object, frame: AgentFrame, ending: Ending): void {
  const isEmitter = isFunction(Reflect.get(stream, 'on'));
  const isSeen = isEmitter || isReadable(stream) || isIterator(stream);
  // The streams of clients read by themselves, and end with an answer, an error or an abort.
  const endsItself = isEmitter && isFunction(Reflect.get(stream, 'done'));
  const { done, read } = new StreamWatch(frame, { done: ending.done, isSeen, endsItself });
  pulledIn(stream, frame, { ...ending, done, read });
  if (isEmitter) doneAtEnd(stream, done);
}

/** `end` and `close` come however a stream is read: by events, `finalMessage()`, `done()`. */
function doneAtEnd(emitter: object, done: () => void): void {
  const hasEnded = ['ended', 'readableEnded', 'destroyed'].some(
    (key) => Reflect.get(emitter, key) === true,
  );
  if (hasEnded) done();
  else for (const event of ['end', 'close']) callOn(emitter, event, done);
}

function callOn(emitter: object, event: string, listener: () => void): void {
  const on: unknown = Reflect.get(emitter, 'on');
  if (isFunction(on)) Reflect.apply(on, emitter, [event, listener]);
}

/** What it comes to is for those who look at it themselves; here only that it has ended counts. */
async function doneAfter(completed: PromiseLike<unknown>, done: () => void): Promise<void> {
  try {
    await completed;
  } catch {
    // The reader of the stream is told; nobody asked for the failure here.
  }
  done();
}

/** The parts of streams and iterators that pull on their source. */
interface Pulling {
  readonly next: (...args: readonly unknown[]) => unknown;
}

/** What a stream is piped through. */
interface TransformPair {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
}

interface Readable {
  readonly getReader: (...args: readonly unknown[]) => object;
}

function isThenable<T>(value: T): value is T & PromiseLike<Awaited<T>> {
  return typeof value === 'object' && value !== null && isFunction(Reflect.get(value, 'then'));
}

/** Whether work may go on behind a value: it is pulled on, or says itself when it is complete. */
function isLive(value: object): boolean {
  // What cannot be watched counts as ended: what it still asks for is refused.
  if (!Object.isExtensible(value)) return false;
  return isReadable(value) || isIterator(value) || hasCompletion(value) || isAsyncIterable(value);
}

function isReadable(value: object): value is Readable {
  return isFunction(Reflect.get(value, 'getReader'));
}

function isIterator(value: object): value is Pulling {
  const isIterable = isAsyncIterable(value) || isFunction(Reflect.get(value, Symbol.iterator));
  return isIterable && isFunction(Reflect.get(value, 'next'));
}

function isAsyncIterable(value: object): boolean {
  return isFunction(Reflect.get(value, Symbol.asyncIterator));
}

/** The streamed result of the OpenAI Agents SDK says so of itself. */
function hasCompletion(value: object): value is { readonly completed: PromiseLike<unknown> } {
  return isAsyncIterable(value) && isThenable(Reflect.get(value, 'completed'));
}

function isFunction(value: unknown): value is (...args: readonly unknown[]) => unknown {
  return typeof value === 'function';
}

interface PullTerms {
  readonly frame: AgentFrame;
  readonly ending: Ending;
}

function pullReaders(stream: Readable, frame: AgentFrame, ending: Ending): void {
  const open = stream.getReader.bind(stream);
  const getReader = (...args: readonly unknown[]) => {
    const reader = open(...args);
    replaceStep(reader, 'read', { frame, ending });
    replaceEnd(reader, 'cancel', { frame, ending });
    return reader;
  };
  define(stream, 'getReader', getReader);
  const pipeTo = async (into: WritableStream, options?: object): Promise<void> =>
    readsOf(getReader() as ReadableStreamDefaultReader).pipeTo(into, options);
  define(stream, 'pipeTo', pipeTo);
  define(stream, 'pipeThrough', (pair: TransformPair, options?: object) => {
    const piping = pipeTo(pair.writable, options);
    // As the platform does: what goes wrong shows at the other end of the pair.
    piping.catch(() => undefined);
    return pair.readable;
  });
  define(stream, 'tee', () =>
    (stream as unknown as ReadableStream).pipeThrough(new TransformStream()).tee(),
  );
  replaceEnd(stream, 'cancel', { frame, ending });
}

/** The same values, one read for each that is asked for: so a read that waits is seen as one. */
function readsOf(reader: ReadableStreamDefaultReader): ReadableStream {
  return new ReadableStream(
    {
      async pull(controller) {
        const step = await reader.read();
        if (step.done) controller.close();
        else controller.enqueue(step.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function pullSteps(iterator: object, frame: AgentFrame, ending: Ending): void {
  replaceStep(iterator, 'next', { frame, ending });
  replaceEnd(iterator, 'return', { frame, ending });
  replaceEnd(iterator, 'throw', { frame, ending });
}

/** A pull: one step in the frame; the last one ends it, and tells of what stopped the agent. */
function replaceStep(owner: object, key: string, { frame, ending }: PullTerms): void {
  const method: unknown = Reflect.get(owner, key);
  if (!isFunction(method)) return;
  const passed = (step: unknown): unknown => {
    const isLast = typeof step !== 'object' || step === null || Reflect.get(step, 'done') === true;
    if (!isLast) return step;
    const stop = ending.stoppedBy();
    ending.done();
    if (stop !== undefined) throw stop;
    return step;
  };
  const failed = (error: unknown): never => {
    const stop = ending.stoppedBy();
    ending.done();
    throw stop ?? error;
  };
  define(owner, key, (...args: readonly unknown[]) => {
    const here = ending.read?.();
    let step: unknown;
    try {
      step = entered(frame, () => Reflect.apply(method, owner, args));
    } catch (error) {
      here?.();
      return failed(error);
    }
    if (!isThenable(step)) {
      here?.();
      return passed(step);
    }
    return step.then(
      (value: unknown) => {
        here?.();
        return passed(value);
      },
      (error: unknown) => {
        here?.();
        return failed(error);
      },
    );
  });
}

/** An end that the one who reads asks for. */
function replaceEnd(owner: object, key: string, { frame, ending }: PullTerms): void {
  const method: unknown = Reflect.get(owner, key);
  if (!isFunction(method)) return;
  define(owner, key, (...args: readonly unknown[]) => {
    const given = entered(frame, () => Reflect.apply(method, owner, args));
    if (isThenable(given)) {
      return given.then(
        (value: unknown) => {
          ending.done();
          return value;
        },
        (error: unknown) => {
          ending.done();
          throw error;
        },
      );
    }
    ending.done();
    return given;
  });
}

/** Iterators that are made later are pulled on in the frame as well. */
function wrapIteration(owner: object, key: string | symbol, { frame, ending }: PullTerms): void {
  const make: unknown = Reflect.get(owner, key);
  if (!isFunction(make)) return;
  define(owner, key, (...args: readonly unknown[]) => {
    // Who makes one is about to read.
    ending.read?.()();
    const iterator = frame.enter(() => Reflect.apply(make, owner, args));
    if (typeof iterator !== 'object' || iterator === null || iterator === owner) return iterator;
    pullSteps(iterator, frame, ending);
    return iterator;
  });
}

function define(owner: object, key: string | symbol, value: unknown): void {
  Object.defineProperty(owner, key, { value, configurable: true, writable: true });
}

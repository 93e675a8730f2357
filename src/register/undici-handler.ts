/** A handler of undici up to 6, which 7 takes as well. */
interface ClassicHandler {
  onConnect?: (abort: (reason?: unknown) => void, context: unknown) => void;
  onHeaders?: (status: number, headers: Head, resume: () => void, text: string) => unknown;
  onData?: (chunk: Uint8Array) => unknown;
  onComplete?: (trailers: unknown) => void;
  onError?: (error: unknown) => void;
}

/** A handler of undici from 7 on. */
interface ControlledHandler {
  onRequestStart: (controller: unknown, context: unknown) => void;
  onResponseStart?: (controller: unknown, status: number, headers: Head, text: string) => void;
  onResponseData?: (controller: unknown, chunk: Uint8Array) => void;
  onResponseEnd?: (controller: unknown, trailers: unknown) => void;
  onResponseError?: (controller: unknown, error: unknown) => void;
}

/** Headers as a handler is given them: a flat list (`Buffer` or text), or an object. */
export type Head = readonly unknown[] | Readonly<Record<string, unknown>>;

/** The handler that a caller of undici handed in, of whichever of its two kinds. */
export interface Receiver {
  readonly isControlled: boolean;
  start(abort: (reason: unknown) => void): void;
  /** Whether more is wanted at once; `resume` is called when it is again. */
  head(status: number, headers: Head, text: string, resume: () => void): boolean;
  body(chunk: Uint8Array): boolean;
  end(trailers: unknown): void;
  fail(error: unknown): void;
}

/** Wraps a handler so that both kinds are called in one way. */
export function receiverOf(handler: object): Receiver {
  return 'onRequestStart' in handler && typeof handler.onRequestStart === 'function'
    ? new Controlled(handler as ControlledHandler)
    : new Classic(handler);
}

class Classic implements Receiver {
  readonly isControlled = false;
  readonly #handler: ClassicHandler;

  constructor(handler: ClassicHandler) {
    this.#handler = handler;
  }

  start(abort: (reason: unknown) => void): void {
    this.#handler.onConnect?.((reason) => abort(reason), null);
  }

  head(status: number, headers: Head, text: string, resume: () => void): boolean {
    return this.#handler.onHeaders?.(status, headers, resume, text) !== false;
  }

  body(chunk: Uint8Array): boolean {
    return this.#handler.onData?.(chunk) !== false;
  }

  end(trailers: unknown): void {
    this.#handler.onComplete?.(trailers);
  }

  fail(error: unknown): void {
    this.#handler.onError?.(error);
  }
}

class Controlled implements Receiver {
  readonly isControlled = true;
  readonly #handler: ControlledHandler;
  readonly #controller = new Controller();

  constructor(handler: ControlledHandler) {
    this.#handler = handler;
  }

  start(abort: (reason: unknown) => void): void {
    this.#controller.onAbort = abort;
    this.#handler.onRequestStart(this.#controller, null);
  }

  head(status: number, headers: Head, text: string, resume: () => void): boolean {
    this.#controller.onResume = resume;
    this.#controller.rawHeaders = rawOf(headers);
    this.#handler.onResponseStart?.(this.#controller, status, headers, text);
    return !this.#controller.paused;
  }

  body(chunk: Uint8Array): boolean {
    this.#handler.onResponseData?.(this.#controller, chunk);
    return !this.#controller.paused;
  }

  end(trailers: unknown): void {
    this.#handler.onResponseEnd?.(this.#controller, trailers);
  }

  fail(error: unknown): void {
    this.#handler.onResponseError?.(this.#controller, error);
  }
}

/** What a handler of the newer kind steers its answer with. */
class Controller {
  aborted = false;
  paused = false;
  reason: unknown = null;
  rawHeaders: readonly unknown[] | null = null;
  rawTrailers: readonly unknown[] | null = null;
  onAbort: ((reason: unknown) => void) | undefined;
  onResume: (() => void) | undefined;

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.onResume?.();
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.onAbort?.(reason);
  }
}

/** What a handler for undici itself is told of the answer. */
export interface WireEvents {
  started(abort: (reason: unknown) => void): void;
  /** Whether more is wanted at once; `resume` lets the connection go on. */
  head(status: number, headers: Head, text: string, resume: () => void): boolean;
  body(chunk: Uint8Array): boolean;
  end(trailers: unknown): void;
  failed(error: unknown): void;
}

/** A handler for undici, of the kind that its own version speaks. */
export function handlerOf(events: WireEvents, isControlled: boolean): object {
  if (!isControlled) {
    return {
      onConnect: (abort: (reason: unknown) => void) => events.started(abort),
      onHeaders: (status: number, headers: Head, resume: () => void, text: string) =>
        events.head(status, headers, text, resume),
      onData: (chunk: Uint8Array) => events.body(chunk),
      onComplete: (trailers: unknown) => events.end(trailers),
      onError: (error: unknown) => events.failed(error),
    };
  }
  return {
    onRequestStart: (steer: Steer) => events.started((reason) => steer.abort(reason)),
    onResponseStart: (steer: Steer, status: number, headers: Head, text: string) => {
      if (!events.head(status, headers, text, () => steer.resume())) steer.pause();
    },
    onResponseData: (steer: Steer, chunk: Uint8Array) => {
      if (!events.body(chunk)) steer.pause();
    },
    onResponseEnd: (_steer: Steer, trailers: unknown) => events.end(trailers),
    onResponseError: (_steer: Steer, error: unknown) => events.failed(error),
  };
}

interface Steer {
  abort(reason: unknown): void;
  pause(): void;
  resume(): void;
}

/** Headers of either form as pairs of text. */
export function textPairs(headers: Head): readonly (readonly [string, string])[] {
  const raw = rawOf(headers);
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const values = raw[index + 1];
    for (const value of Array.isArray(values) ? (values as readonly unknown[]) : [values]) {
      pairs.push([textOf(raw[index]), textOf(value)]);
    }
  }
  return pairs;
}

/** The same headers without some names, in the form they came in. */
export function withoutHeaders(headers: Head, names: readonly string[]): Head {
  if (!isList(headers)) {
    return Object.fromEntries(
      Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())),
    );
  }
  return headers.filter((_part, index) => {
    const name = textOf(headers[index - (index % 2)]).toLowerCase();
    return !names.includes(name);
  });
}

function rawOf(headers: Head): readonly unknown[] {
  return isList(headers) ? headers : Object.entries(headers).flat();
}

function isList(headers: Head): headers is readonly unknown[] {
  return Array.isArray(headers);
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}

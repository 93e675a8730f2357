import { subscribe } from 'node:diagnostics_channel';
import Module from 'node:module';
import { RefusalError } from '../errors/error.ts';
import type { Address, Gate } from './gate.ts';
import { headerOf, isTunnel, providerUrlOf } from './http-address.ts';
import { connectLeave, ConnectLeave, takeTicket, Ticket, withConnectLeave } from './passage.ts';
import { leaveOneConnect } from './sockets.ts';
import { UndiciExchange, type Dispatch, type DispatchOptions } from './undici-exchange.ts';

/** On the options of a dispatch that was decided on: undici hands copies of them down. */
const PASS = Symbol('hardcap.pass');

type Passed = DispatchOptions & { readonly [PASS]?: Ticket };

/** Where Node's own undici and copies of the package keep what `fetch` and `request` send by. */
const GLOBAL_DISPATCHERS = [
  Symbol.for('undici.globalDispatcher.1'),
  Symbol.for('undici.globalDispatcher.2'),
];

interface Dispatcher {
  dispatch: Dispatch;
}

/** The pass of the dispatch that runs right now, down to the request that it makes. */
let current: Ticket | undefined;

/**
 * Puts the gate into undici: Node's own, and each copy of the package as it is loaded. Where a copy
 * is not found (one inside a bundle), its requests to providers are refused one by one.
 */
export function guardUndici(gate: Gate): void {
  const guarded = new WeakSet<object>();
  const guard = (prototype: object | undefined) => {
    if (!isDispatcher(prototype) || guarded.has(prototype)) return;
    guarded.add(prototype);
    prototype.dispatch = gatedDispatch(gate, prototype.dispatch);
  };
  // Node loads its own undici when one of its classes is first touched.
  void globalThis.Response.name;
  const guardGlobal = () => {
    for (const key of GLOBAL_DISPATCHERS) guard(baseOf(Reflect.get(globalThis, key)));
  };
  guardGlobal();
  guardPackages(guard);
  guardRequests(gate, guardGlobal);
}

function gatedDispatch(gate: Gate, original: Dispatch): Dispatch {
  return function dispatch(this: Dispatcher, options: DispatchOptions, handler: object): unknown {
    const send = (ticket: Ticket, passed: DispatchOptions, receiver: object) =>
      during(ticket, () =>
        Reflect.apply(original, this, [{ ...passed, [PASS]: ticket }, receiver]),
      );
    const asIs = (): unknown => Reflect.apply(original, this, [options, handler]);
    if (typeof options !== 'object' || options === null || typeof handler !== 'object') {
      return asIs();
    }
    const known = (options as Passed)[PASS];
    if (known !== undefined) return during(known, asIs);
    const address = addressOf(gate, this, options);
    if (address === undefined) return asIs();
    const isUpgrade = options.upgrade !== undefined && options.upgrade !== null;
    if (isUpgrade || isTunnel(address.method)) return asIs();
    // `fetch` further out has decided and counted.
    if (takeTicket()) return send(new Ticket(), options, handler);
    if (gate.isFree(address)) {
      gate.note(address, 'free');
      return send(new Ticket(), options, handler);
    }
    const leave = new ConnectLeave();
    const exchange = new UndiciExchange(gate, address, {
      options,
      handler,
      send: (passed, receiver) =>
        withConnectLeave(leave, () => send(new Ticket(), passed, receiver)),
    });
    exchange.run();
    return true;
  };
}

function during<T>(ticket: Ticket, dispatch: () => T): T {
  const outer = current;
  current = ticket;
  try {
    return dispatch();
  } finally {
    current = outer;
  }
}

/** Where a dispatch goes, if to a provider. A client or pool knows its own origin. */
function addressOf(
  gate: Gate,
  dispatcher: object,
  { origin, path, method, headers }: DispatchOptions,
): Address | undefined {
  const own = origin ?? originOf(dispatcher);
  const url = urlOf(gate, { origin: own, path, method, host: headerOf(headers, 'host') });
  if (url === undefined) return undefined;
  return { channel: 'undici', url, method: String(method).toUpperCase() };
}

interface UndiciTarget {
  readonly origin?: unknown;
  readonly path?: unknown;
  readonly method?: unknown;
  readonly host?: unknown;
}

function urlOf(gate: Gate, { origin, path, method, host }: UndiciTarget): URL | undefined {
  const text = String(origin);
  const at = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = at?.protocol ?? 'https:';
  // A tunnel is asked of a proxy; what goes through it is looked at when it does.
  if (isTunnel(method)) return providerUrlOf({ scheme, names: [at?.host], path: '/' }, gate.hosts);
  const names = [at?.host, typeof host === 'string' ? host : undefined];
  return providerUrlOf({ scheme, names, path: String(path) }, gate.hosts);
}

/** `Client` and `Pool` keep the origin they were made for under a symbol of their own. */
function originOf(dispatcher: object): unknown {
  const key = Object.getOwnPropertySymbols(dispatcher).find(
    ({ description }) => description === 'url',
  );
  const url: unknown = key === undefined ? undefined : Reflect.get(dispatcher, key);
  return url instanceof URL ? url.origin : undefined;
}

/**
 * The class that all dispatchers of one copy of undici share, where `dispatch` stands. A dispatcher
 * of another making is its own.
 */
function baseOf(dispatcher: unknown): object | undefined {
  let prototype: unknown = dispatcher;
  while (typeof prototype === 'object' && prototype !== null) {
    if (Object.hasOwn(prototype, 'dispatch') && Object.hasOwn(prototype, 'close')) return prototype;
    prototype = Object.getPrototypeOf(prototype);
  }
  return undefined;
}

function isDispatcher(value: unknown): value is Dispatcher {
  return typeof value === 'object' && value !== null && 'dispatch' in value;
}

/** Looks at each module that is loaded by `require`, as `import` of undici does too. */
function guardPackages(guard: (prototype: object | undefined) => void): void {
  const loader = Module as unknown as { _load: (...args: unknown[]) => unknown };
  const load = loader._load;
  loader._load = function loadGuarded(this: unknown, ...args: unknown[]): unknown {
    const loaded: unknown = Reflect.apply(load, this, args);
    if (isUndici(loaded)) guard(baseOf(loaded.Client.prototype));
    return loaded;
  };
}

interface Undici {
  readonly Client: { readonly prototype: object };
}

function isUndici(loaded: unknown): loaded is Undici {
  if (typeof loaded !== 'object' && typeof loaded !== 'function') return false;
  if (loaded === null || !Object.hasOwn(loaded, 'setGlobalDispatcher')) return false;
  return typeof Reflect.get(loaded, 'Client') === 'function';
}

interface ConnectParams {
  readonly host?: unknown;
  readonly hostname?: unknown;
  readonly servername?: unknown;
  readonly protocol?: unknown;
}

/** A request as undici publishes it; versions differ, so nothing is taken for granted. */
interface PublishedRequest extends UndiciTarget {
  readonly onError?: unknown;
}

/**
 * The net under every copy of undici: a request to a provider that was not decided on is failed
 * before it is queued.
 */
function guardRequests(gate: Gate, guardGlobal: () => void): void {
  const leaves = new WeakMap<object, ConnectLeave>();
  subscribe('undici:request:create', (message) => {
    const { request } = message as { readonly request: PublishedRequest };
    const url = urlOf(gate, request);
    const method = typeof request.method === 'string' ? request.method.toUpperCase() : 'GET';
    if (url === undefined) {
      noteElsewhere(gate, request, method);
      return;
    }
    const leave = connectLeave();
    if (leave !== undefined) leaves.set(request, leave);
    if (current?.take() === true || takeTicket()) return;
    const address: Address = { channel: 'undici', url, method };
    const error = new RefusalError(
      'ROUTE_UNKNOWN',
      `${method} ${url.origin}${url.pathname} was sent by a part of undici that no guard looks ` +
        'into, so it could not be held. Nothing was sent. Use fetch, or undici from its package.',
    );
    gate.noteRefused(address, error);
    fail(request, error);
    // Whatever replaced the global dispatcher meanwhile is guarded from the next request on.
    guardGlobal();
  });
  subscribe('undici:client:sendHeaders', (message) => {
    const { request } = message as { readonly request: object };
    leaves.get(request)?.close();
  });
  // Each of its requests has been looked at above, whatever connection it takes.
  subscribe('undici:client:beforeConnect', (message) => {
    const { connectParams } = message as { readonly connectParams: ConnectParams };
    const { host, hostname, servername, protocol } = connectParams;
    leaveOneConnect([hostname, host, servername], protocol === 'https:');
  });
}

function fail(request: PublishedRequest, error: Error): void {
  if (typeof request.onError === 'function') Reflect.apply(request.onError, request, [error]);
  // Without a way to fail it, leaving it would let it go.
  else throw error;
}

function noteElsewhere(gate: Gate, { origin }: PublishedRequest, method: string): void {
  if (!URL.canParse(String(origin))) return;
  gate.note({ channel: 'undici', url: new URL(String(origin)), method }, 'not a provider host');
}

import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { RefusalError } from '../errors/error.ts';
import type { Gate } from './gate.ts';
import { connectLeave } from './passage.ts';

/** How many guarded clients are opening a connection in the code that runs right now. */
let opening = 0;

/** Runs what opens connections for a guarded client, synchronously. */
export function whileOpening<T>(open: () => T): T {
  opening += 1;
  try {
    return open();
  } finally {
    opening -= 1;
  }
}

/** Leave for one connection to a host, by that name, that is opened before the code returns. */
let once: { readonly names: readonly unknown[]; connects: number; servernames: number } | undefined;

/** Lets a client whose every request is looked at connect to where it says, now. */
export function leaveOneConnect(names: readonly unknown[], isTls: boolean): void {
  const leave = { names, connects: 1, servernames: isTls ? 1 : 0 };
  once = leave;
  queueMicrotask(() => {
    if (once === leave) once = undefined;
  });
}

/**
 * The lowest net: a connection to a provider that no guarded client opens is closed before a byte
 * of a request can be written on it. So are HTTP/2 sessions, WebSockets over raw sockets, and TLS
 * through a tunnel of the caller's own.
 */
export function guardSockets(gate: Gate): void {
  const { connect } = Socket.prototype as unknown as Connecting;
  const guarded = function guardedConnect(this: Socket, ...args: unknown[]): Socket {
    const { host, port, isPipe } = placeOf(args);
    const isProvider = !isPipe && gate.hosts.atSocket(host, port) !== undefined;
    if (!isProvider || mayOpen('connects', host)) return Reflect.apply(connect, this, args);
    return refused(gate, this, { host, port });
  };
  Reflect.set(Socket.prototype, 'connect', guarded);

  const { setServername } = TLSSocket.prototype as unknown as Named;
  const guardedName = function guardedServername(this: TLSSocket, name: string): void {
    const isProvider = typeof name === 'string' && gate.hosts.atSocket(name, 443) !== undefined;
    if (!isProvider || isRefused(this) || mayOpen('servernames', name)) {
      Reflect.apply(setServername, this, [name]);
    } else refused(gate, this, { host: name, port: 443 });
  };
  Reflect.set(TLSSocket.prototype, 'setServername', guardedName);
}

interface Connecting {
  readonly connect: (...args: unknown[]) => Socket;
}

interface Named {
  readonly setServername: (name: string) => void;
}

const refusedSockets = new WeakSet<Socket>();

function isRefused(socket: Socket): boolean {
  return refusedSockets.has(socket);
}

function mayOpen(what: 'connects' | 'servernames', name: string): boolean {
  if (opening > 0 || connectLeave()?.isOpen === true) return true;
  if (once === undefined || once[what] === 0 || !once.names.includes(name)) return false;
  once[what] -= 1;
  return true;
}

interface Place {
  readonly host: string;
  readonly port: number | undefined;
}

/** The socket stays unconnected, and says why as soon as its owner can listen. */
function refused(gate: Gate, socket: Socket, { host, port }: Place): Socket {
  const place = `${host}:${port ?? ''}`;
  const error = new RefusalError(
    'ROUTE_UNKNOWN',
    `A connection to ${place} was opened by something that no guard looks into, so what it would ` +
      'send has no bound. Nothing was sent. Use fetch, node:http, node:https or undici.',
  );
  refusedSockets.add(socket);
  const url = new URL(`tcp://${host.includes(':') ? `[${host}]:${port ?? ''}` : place}`);
  gate.noteRefused({ channel: 'socket', url, method: 'CONNECT' }, error);
  // What is written meanwhile waits for a connection that never comes.
  Reflect.set(socket, 'connecting', true);
  process.nextTick(() => socket.destroy(error));
  return socket;
}

/** The arguments of `Socket.connect`: options, `(port, host)`, a path, or a list made by Node. */
function placeOf(args: readonly unknown[]): Place & { readonly isPipe: boolean } {
  const [first, second] = args;
  const given: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof given === 'object' && given !== null) {
    const { host, port, path } = given as { host?: unknown; port?: unknown; path?: unknown };
    const isPipe = typeof path === 'string' && path !== '';
    return { host: hostOf(host), port: numberOf(port), isPipe };
  }
  const isPipe = typeof given === 'string' && Number.isNaN(Number(given));
  return { host: hostOf(second), port: numberOf(given), isPipe };
}

function hostOf(host: unknown): string {
  return typeof host === 'string' && host !== '' ? host : 'localhost';
}

function numberOf(port: unknown): number | undefined {
  const number = Number(port);
  return Number.isSafeInteger(number) ? number : undefined;
}

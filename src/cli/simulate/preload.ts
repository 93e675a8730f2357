import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { isEmulatedHost, isProviderHost } from './provider-hosts.ts';

/**
 * Loaded before everything else in each thread of a Node process of a dry run: what is written for
 * a provider goes to the emulator, and no connection to a provider is opened.
 */

/** Where the emulator answers, and where connections that were stopped are noted. */
const { HARDCAP_DRY_RUN_ORIGIN: origin = '', HARDCAP_DRY_RUN_STOPPED: stoppedFile = '' } =
  process.env;

Reflect.set(globalThis, Symbol.for('hardcap.dry-run'), origin);
redirectFetch();
stopConnections();

/** Addresses of the emulated providers that stand in the code are answered by the emulator. */
function redirectFetch(): void {
  const send = globalThis.fetch;
  // Async, so that what is no address rejects, as with the platform's own.
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!isEmulatedHost(url.hostname)) return await send(input, init);
    const instead = new URL(url.pathname + url.search, origin);
    return await send(input instanceof Request ? new Request(instead, input) : instead, init);
  };
}

/** Every socket of this thread goes through here: of `http`, `tls`, `undici` and `fetch`. */
function stopConnections(): void {
  // `connect` is looked at and handed on with the `this` that it was called with.
  // oxlint-disable-next-line typescript/unbound-method
  const connect: unknown = Reflect.get(Socket.prototype, 'connect');
  if (typeof connect !== 'function') return;
  const guarded = function (this: Socket, ...args: unknown[]): unknown {
    const host = hostIn(args);
    if (host === undefined || !isProviderHost(host)) return Reflect.apply(connect, this, args);
    noteStopped(host);
    const message = `hardcap simulate: no connection to ${host} leaves a dry run.`;
    process.nextTick(() => this.destroy(new Error(message)));
    return this;
  };
  Reflect.set(Socket.prototype, 'connect', guarded);
}

/** `connect(options)`, `connect(port, host)`, or the list that Node makes of either. */
function hostIn([first, second]: readonly unknown[]): string | undefined {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'object' && options !== null) {
    const host: unknown = Reflect.get(options, 'host');
    return typeof host === 'string' ? host : undefined;
  }
  return typeof second === 'string' ? second : undefined;
}

function noteStopped(host: string): void {
  if (stoppedFile !== '') appendFileSync(stoppedFile, `${host}\n`);
}

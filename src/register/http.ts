import http, { ClientRequest } from 'node:http';
import https from 'node:https';
import { RefusalError } from '../errors/error.ts';
import type { Address, Gate } from './gate.ts';
import {
  headerPairs,
  providerUrl,
  providerUrlOfRequest,
  readCall,
  type RequestCall,
} from './http-address.ts';
import { HttpExchange } from './http-exchange.ts';
import { ConnectLeave, withConnectLeave } from './passage.ts';
import { whileOpening } from './sockets.ts';

type Make = (...args: unknown[]) => ClientRequest;

/** Requests that went through the gate, with their leave to connect. */
const gated = new WeakMap<ClientRequest, ConnectLeave>();

/** Puts the gate before `request` and `get` of `node:http` and `node:https`. */
export function guardHttp(gate: Gate): void {
  for (const [module, protocol] of [
    [http, 'http:'],
    [https, 'https:'],
  ] as const) {
    const make = gatedRequest(gate, module.request as Make, protocol);
    Reflect.set(module, 'request', make);
    Reflect.set(module, 'get', (...args: unknown[]) => {
      const req = make(...args);
      req.end();
      return req;
    });
  }
  guardAssignment(gate);
  guardQueue();
}

function gatedRequest(gate: Gate, original: Make, protocol: 'http:' | 'https:'): Make {
  return (...args) => {
    let call: RequestCall;
    try {
      call = readCall(args);
    } catch {
      // What is no address is for Node to complain about.
      return original(...args);
    }
    const url = providerUrl(call, protocol, gate.hosts);
    if (url === undefined) return original(...args);
    const scheme = call.options.protocol ?? protocol;
    const method = (call.options.method ?? 'GET').toUpperCase();
    const channel = scheme === 'https:' ? 'https' : 'http';
    return opened(gate, { call, original, address: { channel, url, method } });
  };
}

interface Opening {
  readonly call: RequestCall;
  readonly original: Make;
  readonly address: Address;
}

function opened(gate: Gate, { call, original, address }: Opening): ClientRequest {
  const pairs = headerPairs(call.options.headers);
  const isUpgrade = pairs.some(([name]) => name.toLowerCase() === 'upgrade');
  const isFree = !isUpgrade && gate.isFree(address);
  const expects = !isFree && pairs.some(([name]) => name.toLowerCase() === 'expect');
  const options = isFree ? call.options : { ...call.options, headers: openHeaders(pairs) };
  const leave = new ConnectLeave();
  const args = call.callback === undefined ? [options] : [options, call.callback];
  const req = withConnectLeave(leave, () => whileOpening(() => original(...args)));
  gated.set(req, leave);
  if (isFree) {
    gate.note(address, 'free');
    return req;
  }
  const exchange = isUpgrade ? undefined : new HttpExchange(gate, req, address);
  if (exchange === undefined) refuseUpgrade(gate, req, address);
  // The body is waited for here, not at the provider.
  if (expects) process.nextTick(() => req.emit('continue'));
  return req;
}

/** Headers that can still be changed: a list would be rendered at once, and so would `Expect`. */
function openHeaders(pairs: readonly (readonly [string, unknown])[]) {
  const headers: Record<string, string | number | readonly string[]> = {};
  const names = new Map<string, string>();
  for (const [given, value] of pairs) {
    const lower = given.toLowerCase();
    if (lower === 'expect') continue;
    const name = names.get(lower) ?? given;
    names.set(lower, name);
    const known = headers[name];
    headers[name] = known === undefined ? (value as string) : [known, value].flat().map(String);
  }
  return headers;
}

function refuseUpgrade(gate: Gate, req: ClientRequest, address: Address): void {
  const { method, url } = address;
  const error = new RefusalError(
    'ROUTE_UNKNOWN',
    `${method} ${url.pathname} asks for a connection of another protocol, which has no bound. ` +
      'Nothing was sent.',
  );
  gate.noteRefused(address, error);
  req.destroy(error);
}

/**
 * The net under the module: whoever made a request, it gets no connection to a provider unless it
 * went through the gate. Here also ends its leave to open one.
 */
function guardAssignment(gate: Gate): void {
  const { onSocket } = ClientRequest.prototype as unknown as Assigned;
  const guarded = function guardedOnSocket(this: ClientRequest, ...args: unknown[]): void {
    const assign = () => {
      const leave = gated.get(this);
      leave?.close();
      const [socket, err] = args;
      const error = leave === undefined ? (err ?? strange(gate, this)) : err;
      Reflect.apply(onSocket, this, error === undefined ? [socket] : [socket, error]);
    };
    // A connection that is free at once comes while the request is still being made.
    if (gated.has(this)) assign();
    else process.nextTick(assign);
  };
  Reflect.set(ClientRequest.prototype, 'onSocket', guarded);
}

interface Assigned {
  readonly onSocket: (...args: unknown[]) => void;
}

/** Why a request that did not come through the gate may not have this connection. */
function strange(gate: Gate, req: ClientRequest): Error | undefined {
  const channel = req.protocol === 'https:' ? 'https' : 'http';
  const url = providerUrlOfRequest(req, gate.hosts);
  if (url === undefined) {
    const host = String(req.getHeader('host') ?? req.host);
    const elsewhere = URL.canParse(`${req.protocol}//${host}`) ? host : 'invalid';
    const address = { channel, url: new URL(`${req.protocol}//${elsewhere}`), method: req.method };
    gate.note(address as Address, 'not a provider host');
    return undefined;
  }
  const error = new RefusalError(
    'ROUTE_UNKNOWN',
    `${req.method} ${url.origin}${url.pathname} was not made by http.request or https.request, ` +
      'so it could not be held. Nothing was sent.',
  );
  gate.noteRefused({ channel, url, method: req.method }, error);
  return error;
}

/**
 * Agents serve requests, and each request has been looked at before it is given a connection. One
 * that an agent kept waiting gets its own later, from other code.
 */
function guardQueue(): void {
  const { createSocket } = http.Agent.prototype as unknown as { createSocket: Make };
  const guarded = function guardedCreateSocket(this: unknown, ...args: unknown[]): unknown {
    const make = () => Reflect.apply(createSocket, this, args) as unknown;
    return args[0] instanceof ClientRequest ? whileOpening(make) : make();
  };
  Reflect.set(http.Agent.prototype, 'createSocket', guarded);
}

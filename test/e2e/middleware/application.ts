/** The same small application on each framework, as its users would write it. */

import type { RequestCaps } from '../../../src/middleware/request-caps.ts';
import type { CapsOptions } from '../../../src/middleware/settings.ts';
import type { Guard } from '../../../src/index.ts';

/** Makes the JSON body of an answer. */
export type JsonHandler = (caps: RequestCaps, prompt: string) => Promise<unknown>;

/** Writes events while it runs. */
export type EventsHandler = (
  send: (text: string) => Promise<void>,
  caps: RequestCaps,
) => Promise<void>;

/** Gives the pieces of a body, whenever the socket asks for the next. */
export type PiecesHandler = (caps: RequestCaps) => AsyncGenerator<string>;

/** What the application is made of. All routes take POST. */
export interface Parts {
  readonly guard: Guard;
  readonly options: Omit<CapsOptions<object>, 'scopes'>;
  readonly json: Readonly<Record<string, JsonHandler>>;
  readonly events: Readonly<Record<string, EventsHandler>>;
  /** Bodies of `text/plain` that are written as they come, by hand. */
  readonly texts: Readonly<Record<string, EventsHandler>>;
  /** Bodies that are streams, pulled by the socket. */
  readonly pieces: Readonly<Record<string, PiecesHandler>>;
}

/** A served application. `GET /balance` is its balance route. */
export interface Application {
  readonly url: string;
  close(): Promise<void>;
}

/** The test's authentication: the bearer token is the customer. None: nobody. */
export function customerOf(authorization: string | undefined): string | undefined {
  return authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : undefined;
}

/** What the handlers get; a test without it has gone wrong. */
export function certain(caps: RequestCaps | undefined): RequestCaps {
  if (caps === undefined) throw new Error('The middleware has not run.');
  return caps;
}

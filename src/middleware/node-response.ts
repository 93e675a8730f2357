import type { CapsAnswer } from './answer.ts';

/** What is used of a Node HTTP response. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string): unknown;
  removeHeader(name: string): void;
  end(text: string): unknown;
  destroy(): unknown;
  on(event: string, listener: (source: object) => void): unknown;
}

/** Headers that describe the body which the handler did not send after all. */
export const BODY_HEADERS = [
  'content-disposition',
  'content-encoding',
  'content-length',
  'etag',
  'last-modified',
  'transfer-encoding',
];

/** A signal that is aborted when the client goes before it has its whole answer. */
export function closeSignal(response: NodeResponse): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller !== undefined) return controller.signal;
    const made = new AbortController();
    const closed = () => {
      if (!response.writableFinished) made.abort();
    };
    if (response.destroyed) closed();
    else response.on('close', closed);
    controller = made;
    return made.signal;
  };
}

/**
 * Lets a stream that is piped into the response take its steps for the request: a socket that
 * drains asks for the next chunk in a context of its own.
 */
export function keepContext(response: NodeResponse, run: <T>(fn: () => T) => T): void {
  response.on('pipe', (source) => runReads(source, run));
}

/** Makes each read of a Node stream run through `run`. */
export function runReads(source: object, run: <T>(fn: () => T) => T): void {
  const stream = source as { _read?: (size: number) => void };
  const read = stream._read;
  if (typeof read !== 'function') return;
  stream._read = (size) => run(() => read.call(stream, size));
}

/** Sends the answer; once headers are out, ends what was begun as honestly as it can be ended. */
export function sendAnswer(
  response: NodeResponse,
  { status, headers, body }: Pick<CapsAnswer, 'status' | 'headers'> & { readonly body: object },
): void {
  if (response.writableEnded || response.destroyed) return;
  if (response.headersSent) {
    endBegun(response, body);
    return;
  }
  for (const name of BODY_HEADERS) response.removeHeader(name);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(JSON.stringify(body));
}

/**
 * An event stream ends with an `error` event. Of anything else the connection is cut, so that no
 * client takes what it has for the whole.
 */
function endBegun(response: NodeResponse, body: object): void {
  if (isEventStream(response)) response.end(errorEvent(body));
  else response.destroy();
}

/** The event, after an empty line that ends whatever event was being written. */
export function errorEvent(body: object): string {
  return `\n\nevent: error\ndata: ${JSON.stringify(body)}\n\n`;
}

/** Headers given to `writeHead` alone are found only in the head as it was sent. */
function isEventStream(response: NodeResponse): boolean {
  const head: unknown = Reflect.get(response, '_header');
  const type = response.getHeader('content-type');
  if (typeof type === 'string') return type.toLowerCase().startsWith('text/event-stream');
  return typeof head === 'string' && /^content-type: *text\/event-stream/im.test(head);
}

/** Servers between a program and an emulator: each passes on what it gets, changed in one way. */

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

export interface Proxy {
  readonly url: string;
  readonly port: number;
  /** How many requests or tunnels came. */
  count(): number;
  close(): Promise<void>;
}

const ENCODERS = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  /** Of an encoding that nobody here can take off. */
  'x-unknown': (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0x55)),
} as const;

export type Encoding = keyof typeof ENCODERS;

/** Encodes every answer, whatever the client said it takes. */
export function encodingProxy(target: string, encoding: Encoding): Promise<Proxy> {
  return listening(
    http.createServer((request, response) => {
      forward(target, request, (answer, body) => {
        const encoded = ENCODERS[encoding](body);
        const { 'content-length': _length, 'transfer-encoding': _coding, ...rest } = answer.headers;
        response.writeHead(answer.statusCode ?? 0, { ...rest, 'content-encoding': encoding });
        response.end(encoded);
      });
    }),
    'http:',
  );
}

/** The key that both ends of a TLS connection without certificates know. */
export const PSK = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');

export const PSK_CIPHERS = 'PSK-AES128-GCM-SHA256';

/** The same by TLS, with a key instead of certificates. */
export function tlsProxy(target: string): Promise<Proxy> {
  const options = {
    ciphers: PSK_CIPHERS,
    maxVersion: 'TLSv1.2',
    pskCallback: () => PSK,
  } as https.ServerOptions;
  return listening(
    https.createServer(options, (request, response) => pipe(target, request, response)),
    'https:',
  );
}

/** A tunnel for whoever asks with CONNECT. */
export function connectProxy(): Promise<Proxy> {
  const server = http.createServer((request, response) =>
    pipe(new URL(request.url ?? '').origin, request, response),
  );
  let tunnels = 0;
  server.on('connect', (request, socket) => {
    tunnels += 1;
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = net.connect(Number(port || '80'), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket]) end.on('error', () => upstream.destroy());
  });
  return listening(server, 'http:', () => tunnels);
}

function pipe(target: string, request: IncomingMessage, response: ServerResponse): void {
  forward(target, request, (answer, body) => {
    response.writeHead(answer.statusCode ?? 0, answer.headers).end(body);
  });
}

function forward(
  target: string,
  request: IncomingMessage,
  answered: (answer: IncomingMessage, body: Buffer) => void,
): void {
  const { method = 'GET', url = '/', headers } = request;
  const path = url.startsWith('http') ? new URL(url).pathname : url;
  const onward = http.request(`${target}${path}`, { method, headers }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => answered(answer, Buffer.concat(chunks)));
  });
  onward.on('error', () => request.destroy());
  request.pipe(onward);
}

async function listening(
  server: http.Server | https.Server,
  protocol: 'http:' | 'https:',
  tunnels: () => number = () => 0,
): Promise<Proxy> {
  let requests = 0;
  server.on('request', () => (requests += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${protocol}//127.0.0.1:${port}`,
    port,
    count: () => requests + tunnels(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { isProviderHost } from './provider-hosts.ts';

/** A proxy on loopback that opens no connection to a provider of models. */
export interface Gate {
  readonly url: string;
  /** Hosts that it was asked for and that it stopped. */
  readonly stopped: readonly string[];
  close(): Promise<void>;
}

const TARGET = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/;

/**
 * Starts it on a free port. It passes on every other tunnel (`CONNECT`) as it is, so that a command
 * may reach what else it needs.
 */
export async function openGate(): Promise<Gate> {
  const stopped: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '' }, client: Socket, head: Buffer) => {
    const [, host = '', port = ''] = TARGET.exec(url) ?? [];
    track(open, client);
    if (host === '' || isProviderHost(host)) {
      stopped.push(host === '' ? url : host);
      client.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    tunnel({ client, head, host: host.replace(/^\[|\]$/g, ''), port: Number(port), open });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    stopped,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of open) socket.destroy();
      }),
  };
}

interface Tunnel {
  readonly client: Socket;
  readonly head: Buffer;
  readonly host: string;
  readonly port: number;
  readonly open: Set<Socket>;
}

function tunnel({ client, head, host, port, open }: Tunnel): void {
  const upstream = connect(port, host);
  track(open, upstream);
  upstream.once('connect', () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    upstream.write(head);
    upstream.pipe(client).pipe(upstream);
  });
  upstream.once('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n'));
  client.once('close', () => upstream.destroy());
}

function track(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  socket.once('close', () => open.delete(socket));
  // A tunnel that breaks is for the two at its ends to notice.
  socket.on('error', () => socket.destroy());
}

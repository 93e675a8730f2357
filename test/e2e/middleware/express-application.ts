/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 and Fastify await handlers. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import express, { type Request, type Response } from 'express';
import { hardcapExpress } from '../../../src/middleware/express.ts';
import {
  certain,
  customerOf,
  type Application,
  type EventsHandler,
  type Parts,
} from './application.ts';

/** The parts as an Express application. */
export async function expressApplication(parts: Parts): Promise<Application> {
  const app = express();
  // As behind `helmet`: then the headers given to `writeHead` are kept nowhere else.
  app.disable('x-powered-by');
  const caps = hardcapExpress(parts.guard, {
    ...parts.options,
    scopes: (req: Request) => ({ customer: customerOf(req.headers.authorization) }),
  });
  app.get('/balance', caps.balanceRoute);
  app.use(caps.scoped);
  app.use(express.json());
  for (const [path, handler] of Object.entries(parts.json)) {
    app.post(path, async (req, res) => {
      res.json(await handler(certain(caps.of(req)), String(req.body?.prompt)));
    });
  }
  const written = (type: string, handler: EventsHandler) => async (req: Request, res: Response) => {
    res.writeHead(200, { 'content-type': type });
    const send = async (text: string) => {
      if (!res.write(text)) await once(res, 'drain');
    };
    await handler(send, certain(caps.of(req)));
    res.end();
  };
  for (const [path, handler] of Object.entries(parts.events)) {
    app.post(path, written('text/event-stream', handler));
  }
  for (const [path, handler] of Object.entries(parts.texts)) {
    app.post(path, written('text/plain', handler));
  }
  for (const [path, pieces] of Object.entries(parts.pieces)) {
    app.post(path, (req, res) => {
      const source = Readable.from(pieces(certain(caps.of(req))), { highWaterMark: 1 });
      // What is piped does not destroy what it is piped into: an application must.
      source.on('error', () => res.destroy());
      source.pipe(res);
    });
  }
  app.use(caps.errors);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

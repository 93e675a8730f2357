/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 and Fastify await handlers. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { hardcapFastify } from '../../../src/middleware/fastify.ts';
import {
  certain,
  customerOf,
  type Application,
  type EventsHandler,
  type Parts,
} from './application.ts';

/** The parts as a Fastify application. */
export async function fastifyApplication(parts: Parts): Promise<Application> {
  const app = fastify({ forceCloseConnections: true });
  const caps = hardcapFastify(parts.guard, {
    ...parts.options,
    scopes: (request: FastifyRequest) => ({ customer: customerOf(request.headers.authorization) }),
  });
  caps.attach(app);
  app.get('/balance', caps.balanceRoute);
  for (const [path, handler] of Object.entries(parts.json)) {
    app.post(path, async (request) => {
      const body = request.body as { readonly prompt?: unknown } | undefined;
      return handler(certain(caps.of(request)), String(body?.prompt));
    });
  }
  const written =
    (type: string, handler: EventsHandler) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': type });
      const send = async (text: string) => {
        if (!reply.raw.write(text)) await once(reply.raw, 'drain');
      };
      await handler(send, certain(caps.of(request)));
      reply.raw.end();
    };
  for (const [path, handler] of Object.entries(parts.events)) {
    app.post(path, written('text/event-stream', handler));
  }
  for (const [path, handler] of Object.entries(parts.texts)) {
    app.post(path, written('text/plain', handler));
  }
  for (const [path, pieces] of Object.entries(parts.pieces)) {
    app.post(path, async (request) =>
      Readable.from(pieces(certain(caps.of(request))), { highWaterMark: 1 }),
    );
  }
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { url, close: () => app.close() };
}

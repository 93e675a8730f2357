import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { stream, streamSSE } from 'hono/streaming';
import { hardcapHono } from '../../../src/middleware/hono.ts';
import { certain, customerOf, type Application, type Parts } from './application.ts';

/** The parts as a Hono application on Node. */
export async function honoApplication(parts: Parts): Promise<Application> {
  const app = new Hono();
  // What an application does by itself with errors: hardcap's answer stands all the same.
  app.onError((_error, c) => c.text('the application failed', 500));
  const caps = hardcapHono(parts.guard, {
    ...parts.options,
    scopes: (c: Context) => ({ customer: customerOf(c.req.header('authorization')) }),
  });
  app.get('/balance', caps.balanceRoute);
  app.use(caps.scoped);
  for (const [path, handler] of Object.entries(parts.json)) {
    app.post(path, async (c) => {
      const body = (await c.req.json().catch(() => ({}))) as { readonly prompt?: unknown };
      return c.json((await handler(certain(caps.of(c)), String(body.prompt))) as object);
    });
  }
  for (const [path, handler] of Object.entries(parts.events)) {
    app.post(path, (c) =>
      streamSSE(
        c,
        (sse) => handler(async (text) => void (await sse.write(text)), certain(caps.of(c))),
        caps.streamErrors(c),
      ),
    );
  }
  for (const [path, handler] of Object.entries(parts.texts)) {
    app.post(path, (c) =>
      stream(
        c,
        (plain) => handler(async (text) => void (await plain.write(text)), certain(caps.of(c))),
        caps.streamErrors(c),
      ),
    );
  }
  for (const [path, pieces] of Object.entries(parts.pieces)) {
    app.post(path, (c) => c.body(pulled(pieces(certain(caps.of(c))))));
  }
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A body that makes its next piece when the server asks for it. */
function pulled(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(new TextEncoder().encode(value));
      },
    },
    { highWaterMark: 0 },
  );
}

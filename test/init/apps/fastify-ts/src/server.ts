/* oxlint-disable oxc/no-async-endpoint-handlers -- Its framework awaits handlers. */
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { anthropic } from './model.ts';

declare module 'fastify' {
  interface FastifyRequest {
    user: { id: string } | null;
  }
}

const app = Fastify();

app.decorateRequest('user', null);
app.addHook('onRequest', async (request) => {
  // Stands for the authentication of a real service.
  request.user = { id: String(request.headers.authorization) };
});

app.post<{ Body: { prompt: string } }>('/chat', async (request) => {
  const answer = await anthropic.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 20_000,
    messages: [{ role: 'user', content: request.body.prompt }],
  });
  return answer.content;
});

await app.listen({ port: 0, host: '127.0.0.1' });
console.log((app.server.address() as AddressInfo).port);

import Anthropic from '@anthropic-ai/sdk';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const anthropic = new Anthropic();
const app = new Hono<{ Variables: { user: string } }>();

app.use(async (c, next) => {
  // Stands for the authentication of a real service.
  c.set('user', String(c.req.header('authorization')));
  await next();
});

app.post('/chat', async (c) => {
  const { prompt } = await c.req.json<{ prompt: string }>();
  const answer = await anthropic.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 20_000,
    messages: [{ role: 'user', content: prompt }],
  });
  return c.json(answer.content);
});

serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log(port));

/* oxlint-disable oxc/no-async-endpoint-handlers -- Its framework awaits handlers. */
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import express from 'express';

declare global {
  namespace Express {
    interface Request {
      user?: { id: string };
    }
  }
}

const anthropic = new Anthropic();
const app = express();

app.use(express.json());
app.use((req, _res, next) => {
  // Stands for the authentication of a real service.
  req.user = { id: String(req.headers.authorization) };
  next();
});

app.post('/chat', async (req, res) => {
  const answer = await anthropic.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 20_000,
    messages: [{ role: 'user', content: String(req.body.prompt) }],
  });
  res.json(answer.content);
});

const server = app.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port);
});

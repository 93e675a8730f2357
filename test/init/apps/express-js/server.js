/* oxlint-disable oxc/no-async-endpoint-handlers -- Its framework awaits handlers. */
const Anthropic = require('@anthropic-ai/sdk');
const express = require('express');

function makeApp() {
  const client = new Anthropic({
    maxRetries: 1,
  });
  const app = express();

  app.use(express.json());
  app.use(authenticate);

  app.get('/health', (req, res) => res.send('ok'));

  app.post('/chat', async (req, res) => {
    const answer = await client.messages.create({
      model: 'claude-sonnet-4-6',
      max_tokens: 20_000,
      messages: [{ role: 'user', content: String(req.body.prompt) }],
    });
    res.json(answer.content);
  });

  return app;
}

// Stands for the authentication of a real service.
function authenticate(req, res, next) {
  req.auth = { userId: req.headers.authorization };
  next();
}

const server = makeApp().listen(0, '127.0.0.1', () => console.log(server.address().port));

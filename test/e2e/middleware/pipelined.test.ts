import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CLAUDE, openStage, until } from '../harness.ts';
import type { Application } from './application.ts';
import { FRAMEWORKS } from './applications.ts';

const PIECE = 'x'.repeat(200_000);
const PIECES = 4;

const opened: Application[] = [];

afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

type Framework = (typeof FRAMEWORKS)[number];

async function begin({ open }: Framework) {
  const stage = await openStage(
    { per_customer_cap_per_day_usd: 5 },
    { reply: { outputTokens: 100 } },
  );
  const anthropic = stage.anthropic();
  const ask = (content: string) =>
    anthropic.messages.create({
      model: CLAUDE,
      max_tokens: 200,
      messages: [{ role: 'user', content }],
    });
  const app = await open({
    guard: stage.guard,
    options: {},
    json: {
      '/scopes': async ({ layers }) => {
        await ask('Hello');
        const scopes = stage.guard.balance().map(({ scope }) => scope);
        return `<${layers[0]?.['customer']} ${scopes.join()}>`;
      },
    },
    events: {},
    texts: {},
    pieces: {
      '/pieces': async function* pieces({ layers }) {
        for (let step = 0; step < PIECES; step += 1) {
          await ask(`Step ${step} of ${layers[0]?.['customer']}`);
          yield PIECE;
        }
      },
    },
  });
  opened.push(app);
  const { port, hostname } = new URL(app.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void received.push(chunk));
  return { stage, socket, text: () => Buffer.concat(received).toString('latin1') };
}

const head = (path: string, customer: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${customer}\r\n` +
  'content-type: application/json\r\ncontent-length: 2\r\n\r\n{}';

describe.each(FRAMEWORKS)('many requests in one breath on one connection, $name', (framework) => {
  it('are charged to their own customers, piece by piece', async () => {
    const { stage, socket, text } = await begin(framework);
    const customers = ['first', 'second', 'third'];
    socket.write(customers.map((customer) => head('/pieces', customer)).join(''));
    const whole = customers.length * PIECES * PIECE.length;
    await until(() => text().length > whole && text().endsWith('\r\n0\r\n\r\n'), 15_000);
    socket.destroy();
    expect(text().length).toBeGreaterThan(whole);
    const { entries } = stage.emulator.bill();
    expect(entries).toHaveLength(customers.length * PIECES);
    for (const customer of customers) {
      const billed = entries
        .filter(({ requestIndex }) =>
          stage.emulator.requests[requestIndex]?.bodyText.includes(`of ${customer}`),
        )
        .reduce((sum, { nanoUsd }) => sum + Number(nanoUsd), 0);
      const [account] = stage.guard.balance({ customer });
      expect(account?.spent_nano_usd, customer).toBe(billed);
    }
  });

  it('begin in nobody’s context, also behind a body that had to wait for the socket', async () => {
    const { stage, socket, text } = await begin(framework);
    const customers = Array.from({ length: 12 }, (_, index) => `c${100 + index}`);
    const rounds = [customers.slice(0, 6), customers.slice(6)];
    let answered = 0;
    for (const round of rounds) {
      socket.write(head('/pieces', 'large') + round.map((name) => head('/scopes', name)).join(''));
      answered += round.length;
      await until(() => text().split('<').length > answered, 15_000);
    }
    socket.destroy();
    const seen = [...text().matchAll(/<(\w+) ([\w:,]*)>/g)].map(([, name, scopes]) => [
      name,
      scopes,
    ]);
    expect(seen).toEqual(customers.map((name) => [name, `customer:${name}`]));
    expect(stage.settled).toHaveLength(customers.length + rounds.length * PIECES);
  });
});

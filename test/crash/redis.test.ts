import { afterAll, beforeAll } from 'vitest';
import { describeWith } from '../servers/describe-with.ts';
import { startRedis, type PrivateServer } from '../servers/servers.ts';
import { crashCases } from './crash-cases.ts';

describeWith('redis', 'holders over Redis', () => {
  let server: PrivateServer;
  let stores = 0;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(async () => {
    await server?.stop();
  });

  crashCases(
    () => ({ kind: 'redis', url: server.url, name: `crash_${(stores += 1)}` }),
    () => server,
  );
});

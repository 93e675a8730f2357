import { afterAll, beforeAll } from 'vitest';
import { describeWith } from '../servers/describe-with.ts';
import { startPostgres, type PrivateServer } from '../servers/servers.ts';
import { crashCases } from './crash-cases.ts';

describeWith('postgres', 'holders over PostgreSQL', () => {
  let server: PrivateServer;
  let stores = 0;

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(async () => {
    await server?.stop();
  });

  crashCases(
    () => ({ kind: 'postgres', url: server.url, name: `crash_${(stores += 1)}` }),
    () => server,
  );
});

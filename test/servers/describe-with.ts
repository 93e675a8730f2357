import { describe, it } from 'vitest';
import { missingPostgres, missingRedis } from './servers.ts';

/** A server that tests can ask for. */
export type ServerName = 'redis' | 'postgres';

/**
 * Describes tests that need a server. Where it is not installed they are skipped, and the name says
 * why; with `CI=true` that is a failure instead.
 */
export function describeWith(server: ServerName, name: string, tests: () => void): void {
  const missing = server === 'redis' ? missingRedis() : missingPostgres();
  if (missing === undefined) return void describe(name, tests);
  if (process.env['CI'] === 'true') {
    describe(name, () => {
      it(`needs ${server}`, () => {
        throw new Error(missing);
      });
    });
    return;
  }
  // Skipped: the server is not installed here; the title says which, and how to get it.
  describe.skip(`${name} [skipped: ${missing}]`, tests);
}

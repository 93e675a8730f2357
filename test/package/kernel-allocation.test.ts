import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const child = fileURLToPath(new URL('kernel-allocation.child.ts', import.meta.url));

interface Report {
  readonly control: number;
  readonly counts: Readonly<Record<string, number>>;
}

it('twenty million charges of each form cause no garbage collection', async () => {
  const flags = ['--expose-gc', '--max-semi-space-size=1', '--import', 'tsx'];
  const { stdout } = await run(process.execPath, [...flags, child]);
  const { control, counts } = JSON.parse(stdout) as Report;
  // The observer sees collections: one object a turn, over the same number of turns, causes many.
  expect(control).toBeGreaterThan(10);
  expect(counts).toEqual({
    'charge, continue': 0,
    'charge, warn': 0,
    'charge, exhausted': 0,
    'tryCharge, refused': 0,
    refund: 0,
    'tryChargeAll of two': 0,
    'tryChargeAll of three': 0,
    'tryChargeAll of three, refused': 0,
    tryChargeVector: 0,
    'arena charge': 0,
  });
}, 120_000);

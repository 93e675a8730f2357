/** Takes the steps of `docs/start.md` in an empty project and prints how long each took. */

import { pack } from '../test/package/pack.ts';
import { walkStart } from '../test/init/walk.ts';

const packed = await pack();
try {
  const steps = await walkStart(packed);
  for (const { line, ms, code } of steps) {
    console.log(
      `${(ms / 1_000).toFixed(1).padStart(7)} s  ${code === 0 ? line : `${line} (${code})`}`,
    );
  }
  const total = steps.reduce((sum, { ms }) => sum + ms, 0);
  console.log(`${(total / 1_000).toFixed(1).padStart(7)} s  in all`);
  process.exitCode = steps.every(({ code }) => code === 0) ? 0 : 1;
} finally {
  packed.remove();
}

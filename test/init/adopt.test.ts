import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { BudgetGuard } from '../../src/index.ts';
import { pack, ran, readJson, ROOT, tool, type Packed } from '../package/pack.ts';
import {
  applyLines,
  ask,
  copyApp,
  linkPackages,
  printedLines,
  startApp,
  type PrintedLine,
} from './adoption.ts';
import { walkStart } from './walk.ts';

const MINUTE_MS = 60_000;
const APPS = readdirSync(new URL('apps/', import.meta.url)).sort();
/** Of the configuration that `--yes` writes: $2 a day for each customer, $50 for all. */
const CUSTOMER_NANO_USD = 2_000_000_000;
const GLOBAL_NANO_USD = 50_000_000_000;

let packed: Packed;
let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ reply: { outputTokens: 20_000 } });
  packed = await pack();
  linkPackages(packed);
}, 8 * MINUTE_MS);

afterAll(async () => {
  packed?.remove();
  await emulator?.close();
});

const env = () => ({ ANTHROPIC_BASE_URL: emulator.url, ANTHROPIC_API_KEY: 'test' });

/** The program as it is installed, run in a folder. */
const hardcap = (cwd: string, ...args: string[]) =>
  ran(join(packed.project, 'node_modules', '.bin', 'hardcap'), args, {
    cwd,
    env: { NO_COLOR: '1' },
  });

/** Statuses of one customer's questions until one is not 200, at most as many as said. */
async function statusesOf(url: string, customer: string, most: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let turn = 0; turn < most && (statuses.at(-1) ?? 200) === 200; turn += 1) {
    statuses.push((await ask(url, customer, `${customer} asks ${turn}`)).status);
  }
  return statuses;
}

describe.each(APPS)('an application: %s', (name) => {
  const isTyped = name.endsWith('-ts');
  let folder: string;
  let lines: readonly PrintedLine[];

  beforeAll(() => {
    folder = copyApp(packed, name);
  });

  it(
    'without its caps spends more than they allow',
    async () => {
      emulator.reset();
      const app = await startApp(folder, env());
      try {
        expect(await statusesOf(app.url, 'ada', 9)).toEqual(Array.from({ length: 9 }, () => 200));
      } finally {
        await app.stop();
      }
      // 9 answers of 20,000 tokens at $15 a million are $2.70.
      expect(Number(emulator.bill().totalNanoUsd)).toBeGreaterThan(CUSTOMER_NANO_USD);
    },
    4 * MINUTE_MS,
  );

  it(
    'gets its files and two lines to change from `hardcap init --yes`',
    async () => {
      const { code, stdout, stderr } = await hardcap(folder, 'init', '--yes');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      lines = printedLines(stdout);
      const block = stdout.split('\n\n').find((one) => one.startsWith('Two lines to change'));
      expect(block).toBeDefined();
      if (name === 'express-ts') {
        expect(readFileSync(join(ROOT, 'docs/start.md'), 'utf8')).toContain(`\n${block}\n\`\`\``);
      }
      expect(lines.map(({ sign }) => sign)).toEqual(['+', '+']);

      const config = readJson(join(folder, 'budget-guard.config.json')) as Record<string, unknown>;
      const validate = new Ajv2020({ strict: false }).compile(
        readJson(join(ROOT, 'budget-guard.schema.json')) as object,
      );
      expect(validate(config), JSON.stringify(validate.errors)).toBe(true);
      expect(config).toMatchObject({
        global_cap_per_day_usd: 50,
        per_customer_cap_per_day_usd: 2,
        onShort: ['count', 'fit', 'wait'],
        fallback: { 'claude-sonnet-4-6': [expect.stringContaining('haiku')] },
        prices: [],
      });
      const guard = BudgetGuard.fromConfig(join(folder, 'budget-guard.config.json'));
      expect(guard.settings.caps).toHaveLength(4);
      await guard.close();
      expect(readJson(join(folder, String(config['$schema'])))).toHaveProperty('properties');
      expect(statSync(join(folder, 'ci-cost-simulation.sh')).mode & 0o111).toBe(0o111);
    },
    MINUTE_MS,
  );

  it(
    'with them stops one customer at its cap with 402 and serves the next',
    async () => {
      applyLines(folder, lines);
      emulator.reset();
      const app = await startApp(folder, env());
      try {
        const ada = await statusesOf(app.url, 'ada', 20);
        expect(ada.length).toBeGreaterThan(5);
        expect(ada.at(-1)).toBe(402);
        const billed = Number(emulator.bill().totalNanoUsd);
        expect(billed).toBeLessThanOrEqual(CUSTOMER_NANO_USD);
        expect(billed).toBeGreaterThan(CUSTOMER_NANO_USD / 2);
        expect(await ask(app.url, 'bob', 'bob asks')).toMatchObject({ status: 200 });
        const refused = await ask(app.url, 'ada', 'ada asks again');
        expect(refused.status).toBe(402);
        // The answer of the middleware, and not the framework's own page for errors.
        expect(JSON.parse(refused.body)).toMatchObject({
          error: { code: 'BUDGET_CAP', scope: 'customer:ada', cap_usd: 2, retryable: false },
        });
      } finally {
        await app.stop();
      }
      expect(Number(emulator.bill().totalNanoUsd)).toBeLessThanOrEqual(GLOBAL_NANO_USD);
    },
    4 * MINUTE_MS,
  );

  it(
    'says on a second run that all of it is there, and keeps what was changed since',
    async () => {
      const again = await hardcap(folder, 'init', '--yes');
      expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
      expect(again.stdout.match(/: is there already$/gm)).toHaveLength(3);
      expect(again.stdout).toContain('The code has its lines already.');

      const path = join(folder, 'budget-guard.config.json');
      const own = readFileSync(path, 'utf8').replace('_day_usd": 2,', '_day_usd": 3,');
      writeFileSync(path, own);
      const kept = await hardcap(folder, 'init', '--yes');
      expect(kept.code).toBe(1);
      expect(kept.stdout).toContain('was kept; --force replaces it');
      expect(kept.stdout).toContain('    -   "per_customer_cap_per_day_usd": 3,');
      expect(kept.stdout).toContain('    +   "per_customer_cap_per_day_usd": 2,');
      expect(readFileSync(path, 'utf8')).toBe(own);
    },
    MINUTE_MS,
  );

  it(
    'fails at its start where the client that it names is none, or is unknown',
    async () => {
      const own = join(
        folder,
        lines[0]!.file,
        '..',
        `enforcement-middleware.${isTyped ? 'ts' : 'js'}`,
      );
      const code = (clients: string) => `
        import * as names from ${JSON.stringify(own)};
        const { enforceCaps } = names.enforceCaps === undefined ? names.default : names;
        enforceCaps({ use() {}, addHook() {} }, ${clients});
      `;
      for (const clients of ['{ anthropic: undefined }', '{ client: {} }']) {
        const args = ['--import', 'tsx', '--input-type=module', '-e', code(clients)];
        const outcome = await ran(process.execPath, args, { cwd: folder });
        expect(outcome.code, clients).toBe(1);
        expect(outcome.stderr).toMatch(/wrapAnthropic|knows no client client/);
      }
    },
    MINUTE_MS,
  );

  // JavaScript has no types to check.
  if (isTyped) {
    it(
      'type-checks with what was written',
      async () => {
        const args = ['-p', folder, '--pretty', 'false'];
        const { code, stdout } = await ran(tool('tsc'), args, { cwd: folder });
        expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      },
      2 * MINUTE_MS,
    );
  }
});

describe('the page for newcomers', () => {
  it(
    'leads from an empty project to the first refusal, each command as it stands',
    async () => {
      const steps = await walkStart(packed);
      expect(steps.map(({ line }) => line)).toEqual([
        'npm install hardcap @anthropic-ai/sdk',
        'npx hardcap init --yes',
        'node first-refusal.mjs',
        'npx hardcap audit --fail-on never',
      ]);
      for (const { line, code, stderr, stdout } of steps) {
        expect(code, `${line}: ${stdout}${stderr}`).toBe(0);
      }
      const refusal = steps[2]?.stdout ?? '';
      expect(refusal).toMatch(/^1: answered\n(\d+: answered\n)+\d+: refused\. .*acme.*\n/);
      expect(refusal).toMatch(/\nglobex: answered\n$/);
    },
    4 * MINUTE_MS,
  );
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { examplesOf, isProgram, pages, runExample } from './example.ts';

const examples = pages().flatMap((page) => examplesOf(page));
const programs = examples.filter(({ notRun }) => notRun === undefined);

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ reply: { outputTokens: 20 } });
});

afterAll(() => emulator?.close());

/** What an example finds around it: a provider on loopback, and keys that open nothing. */
const surroundings = () => ({
  ANTHROPIC_BASE_URL: emulator.url,
  ANTHROPIC_API_KEY: 'test',
  OPENAI_BASE_URL: emulator.openaiUrl,
  OPENAI_API_KEY: 'test',
  // For examples of `hardcap/register`, which starts no process without a cap.
  HARDCAP_GLOBAL_CAP_PER_DAY_USD: '5',
  HARDCAP_SUMMARY: 'off',
});

describe('every example of the pages runs as it stands', () => {
  it('there are some', () => {
    expect(programs.length).toBeGreaterThan(0);
  });

  it.each(programs.map((example) => [`${example.page}:${example.line}`, example] as const))(
    '%s',
    async (_place, example) => {
      expect(isProgram(example), 'it imports hardcap, or says `no-run: why`').toBe(true);
      const { code, stdout, stderr } = await runExample(example, surroundings());
      expect(stderr).toBe('');
      expect(code, stdout).toBe(0);
    },
  );
});

describe('the runner', () => {
  const example = (code: string) => examplesOf('a.md', `# A\n\n\`\`\`ts\n${code}\n\`\`\`\n`)[0]!;

  it('sees a wrong import, a wrong call and a failed assertion', async () => {
    const bad = [
      "import { nothing } from 'hardcap'; nothing();",
      "import { BudgetGuard } from 'hardcap'; new BudgetGuard({ global_cap_per_eon_usd: 1 });",
      "import 'hardcap'; import assert from 'node:assert/strict'; assert.equal(1, 2);",
    ];
    for (const code of bad) {
      const outcome = await runExample({ code }, surroundings()).catch(() => ({ code: 1 }));
      expect(outcome.code, code).not.toBe(0);
    }
  });

  it('runs what is right, and knows a fragment from a program', async () => {
    const good = example(
      "import { BudgetGuard } from 'hardcap';\nconsole.log(typeof BudgetGuard);",
    );
    expect(isProgram(good)).toBe(true);
    expect((await runExample(good, surroundings())).stdout).toBe('function\n');
    expect(isProgram(example('const x = 1;'))).toBe(false);
  });

  it('reads where a block begins and why it is not run', () => {
    const text = '# A\n\n```ts no-run: needs a server\nlet a;\n```\n\n```ts\nlet b;\n```\n';
    expect(examplesOf('a.md', text)).toEqual([
      { page: 'a.md', line: 4, code: 'let a;\n', notRun: 'needs a server' },
      { page: 'a.md', line: 8, code: 'let b;\n', notRun: undefined },
    ]);
  });
});

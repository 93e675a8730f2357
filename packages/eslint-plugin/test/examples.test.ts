/** The examples of the repository under the package's own configurations. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as parser from '@typescript-eslint/parser';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { configs } from '../src/index.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const AGENTS = `${ROOT}examples/agents/main.ts`;

const eslintWith = (name: keyof typeof configs) =>
  new ESLint({
    cwd: ROOT,
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['**/*.ts'],
        languageOptions: {
          parser,
          parserOptions: { projectService: true, tsconfigRootDir: ROOT },
        },
      },
      configs[name],
    ],
  });

const reportsOf = (results: readonly ESLint.LintResult[]) =>
  results.flatMap(({ filePath, messages }) =>
    messages.map(({ line, message, ruleId, severity }) => ({
      place: `${filePath.replace(ROOT, '')}:${line}`,
      ruleId,
      severity,
      message,
    })),
  );

describe('the examples', () => {
  it.each(['recommended', 'strict'] as const)(
    'are clean under `%s`',
    async (name) => {
      const results = await eslintWith(name).lintFiles(['examples/**/*.ts']);
      expect(results.map(({ filePath }) => filePath)).toContain(AGENTS);
      expect(reportsOf(results)).toEqual([]);
    },
    300_000,
  );

  const faults = [
    {
      fault: 'a budget that is never closed',
      from: '  using own = budget;\n',
      to: '  const own = budget;\n',
      rule: 'hardcap/no-leaked-budget',
    },
    {
      fault: 'a client that nobody guards',
      from: 'wrapAnthropic(client, guard)',
      to: 'client',
      rule: 'hardcap/no-unguarded-client',
    },
    {
      fault: 'a budget for every agent at once',
      from: 'report(name, budget)));',
      to: 'report(name, run)));',
      rule: 'hardcap/no-fan-out',
    },
  ];

  it.each(faults)(
    'with $fault planted they are not',
    async ({ from, to, rule }) => {
      const text = readFileSync(AGENTS, 'utf8');
      expect(text.split(from)).toHaveLength(2);
      const planted = text.replace(from, to);
      const results = await eslintWith('recommended').lintText(planted, { filePath: AGENTS });
      expect(reportsOf(results).map(({ ruleId }) => ruleId)).toContain(rule);
    },
    300_000,
  );
});

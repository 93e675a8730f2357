/** One lint run of `speed.ts`: a folder and a configuration in, CPU seconds out. */

import typescriptEslint from '@typescript-eslint/eslint-plugin';
import * as parser from '@typescript-eslint/parser';
import { ESLint, type Linter } from 'eslint';
import { configs } from '../src/index.ts';

const [folder = '', configuration] = process.argv.slice(2);

const types: Linter.Config = {
  files: ['**/*.ts'],
  languageOptions: {
    parser,
    parserOptions: { project: './tsconfig.json', tsconfigRootDir: folder },
  },
};

const floating: Linter.Config = {
  plugins: { '@typescript-eslint': typescriptEslint as unknown as NonNullable<ESLint.Plugin> },
  rules: { '@typescript-eslint/no-floating-promises': 'error' },
};

const eslint = new ESLint({
  cwd: folder,
  overrideConfigFile: true,
  overrideConfig: [types, configuration === 'recommended' ? configs.recommended : floating],
});
const results = await eslint.lintFiles(['src/**/*.ts']);
const reported = results.flatMap(({ filePath, messages }) =>
  messages.map(({ line, message }) => `${filePath}:${line} ${message}`),
);
if (reported.length > 0) throw new Error(`The project is clean, but: ${reported[0] ?? ''}`);
const { user, system } = process.cpuUsage();
process.stdout.write(JSON.stringify({ files: results.length, seconds: (user + system) / 1e6 }));

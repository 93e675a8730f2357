/** Lints with the rules as a user would: through ESLint, with types. */

import * as parser from '@typescript-eslint/parser';
import { ESLint, type Linter } from 'eslint';
import { hardcap, rules } from '../src/index.ts';
import { CORPUS, readPrograms, type Program } from './programs.ts';

/** One report: which rule, with which message, and where. */
export interface Report {
  readonly rule: string;
  readonly messageId: string | undefined;
  readonly line: number;
  readonly text: string;
  /** The messages of the changes that are suggested. */
  readonly suggested: readonly string[];
}

/** One program of the corpus with what the rules say of it. */
export interface Linted extends Program {
  readonly reports: readonly Report[];
}

/** Lints every program of the corpus with every rule; all share one type program. */
export async function lintCorpus(): Promise<readonly Linted[]> {
  const programs = readPrograms();
  const eslint = eslintWith({ project: `${CORPUS}tsconfig.json` }, Object.keys(rules));
  const results = await eslint.lintFiles(programs.map(({ file }) => CORPUS + file));
  const byPath = new Map(results.map((result) => [result.filePath.replaceAll('\\', '/'), result]));
  return programs.map((program) => {
    const result = byPath.get(CORPUS + program.file);
    if (result === undefined) throw new Error(`${program.file} was not linted.`);
    return { ...program, reports: reportsOf(result) };
  });
}

/** Lints a text as if it were a program of the corpus, with the named rules. */
export async function lintText(
  text: string,
  names: readonly string[] = Object.keys(rules),
): Promise<readonly Report[]> {
  const projectService = { allowDefaultProject: ['nine/*.ts'], defaultProject: 'tsconfig.json' };
  const eslint = eslintWith({ projectService }, names);
  const [result] = await eslint.lintText(text, { filePath: `${CORPUS}nine/example.ts` });
  if (result === undefined) throw new Error('The text was not linted.');
  return reportsOf(result);
}

function eslintWith(options: object, names: readonly string[]): ESLint {
  const config: Linter.Config = {
    files: ['**/*.ts'],
    languageOptions: { parser, parserOptions: { ...options, tsconfigRootDir: CORPUS } },
    plugins: { hardcap },
    rules: Object.fromEntries(names.map((name) => [`hardcap/${name}`, 'error'])),
  };
  return new ESLint({ cwd: CORPUS, overrideConfigFile: true, overrideConfig: [config] });
}

/** A text that does not parse, or a rule that throws, is no report but an end. */
function reportsOf({ filePath, messages }: ESLint.LintResult): readonly Report[] {
  return messages.map(({ ruleId, messageId, line, message, fatal, suggestions = [] }) => {
    if (fatal === true || ruleId === null) throw new Error(`${filePath}:${line}: ${message}`);
    const suggested = suggestions.flatMap((one) => one.messageId ?? []);
    return { rule: ruleId.replace('hardcap/', ''), messageId, line, text: message, suggested };
  });
}

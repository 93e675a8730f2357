import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../commands.ts';
import { allCommands } from './built-ins.ts';
import { SHELLS, completionScript, type Shell } from './completions.ts';
import { optionsOf } from './parse.ts';

const ALL = allCommands(COMMANDS);
const folder = mkdtempSync(join(tmpdir(), 'hardcap-completions-'));
afterAll(() => rmSync(folder, { recursive: true }));

const scriptOf = (shell: Shell): string => {
  const path = join(folder, `hardcap.${shell}`);
  writeFileSync(path, completionScript(shell, ALL));
  return path;
};

const isInstalled = (shell: Shell): boolean =>
  (process.env['PATH'] ?? '').split(':').some((place) => existsSync(join(place, shell)));

/** What bash offers after these words. */
function offered(...words: string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  const script = [
    `source '${scriptOf('bash')}'`,
    `COMP_WORDS=(${list})`,
    `COMP_CWORD=${words.length - 1}`,
    '_hardcap',
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join('\n');
  const out = execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

describe.each(SHELLS)('the script for %s', (shell) => {
  it('names every command and option', () => {
    const script = completionScript(shell, ALL);
    for (const command of ALL) {
      expect(script).toContain(command.name);
      for (const name of Object.keys(optionsOf(command))) expect(script).toContain(name);
    }
  });

  it('is a script that the shell reads', (context) => {
    if (!isInstalled(shell)) context.skip(`${shell} is not installed`);
    execFileSync(shell, ['-n', scriptOf(shell)]);
  });
});

describe('bash', () => {
  it('completes commands, options, words and files', (context) => {
    if (!isInstalled('bash')) context.skip('bash is not installed');
    writeFileSync(join(folder, 'costs.json'), '{}');
    expect(offered('hardcap', 'ba')).toEqual(['balance']);
    expect(offered('hardcap', 'raise', '--f')).toEqual(['--for', '--forever']);
    expect(offered('hardcap', 'completions', 'z')).toEqual(['zsh']);
    expect(offered('hardcap', 'reconcile', '--form', 'openai-')).toEqual([
      'openai-usage',
      'openai-costs',
    ]);
    expect(offered('hardcap', 'reconcile', 'cos')).toEqual(['costs.json']);
    expect(offered('hardcap', 'report', '--out', 'cos')).toEqual(['costs.json']);
    expect(offered('hardcap', 'raise', '--usd', '')).toEqual([]);
  });
});

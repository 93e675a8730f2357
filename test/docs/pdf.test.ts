import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DRAWINGS } from '../../scripts/docs/blueprint-drawings.ts';
import { ROOT } from '../../scripts/docs/navigation.ts';
import { blueprintHtml, findChromium } from '../../scripts/docs/pdf.ts';

const folder = mkdtempSync(join(tmpdir(), 'hardcap-pdf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program of a browser's name that prints what it was told to print. */
function standIn(name: string): string {
  const path = join(folder, name);
  const script = '#!/bin/sh\nfor one in "$@"; do case "$one" in --print-to-pdf=*)\n';
  writeFileSync(path, `${script}echo "$@" > "\${one#--print-to-pdf=}";; esac; done\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Runs `npm run docs:pdf` with nothing in `PATH` but Node. */
function printed(env: Readonly<Record<string, string>>) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
    const bare = { PATH: dirname(process.execPath), HOME: folder, ...env };
    const options = { cwd: ROOT, env: bare };
    execFile(process.execPath, [tsx, 'scripts/docs/pdf.ts'], options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

describe('the Blueprint as PDF', () => {
  it('has every drawing in it, and no mark of a generator', async () => {
    const html = await blueprintHtml();
    expect(html.match(/<svg /g)).toHaveLength(DRAWINGS.length);
    expect(html).not.toMatch(/<img|scale:begin/);
    expect(html).toContain('cores for 1,000,000 calls/s');
  }, 60_000);

  it('is printed by the Chromium that is named, or by the first that is in PATH', async () => {
    const path = standIn('chromium');
    expect(findChromium({ PATH: folder })).toBe(path);
    expect(findChromium({ CHROMIUM: path, PATH: '' })).toBe(path);
    expect(findChromium({ CHROMIUM: join(folder, 'gone'), PATH: folder })).toBeUndefined();
    const { code, stdout } = await printed({ CHROMIUM: path });
    expect({ code, said: stdout.startsWith('Wrote ') }).toEqual({ code: 0, said: true });
    const pdf = join(ROOT, 'tmp/blueprint.pdf');
    expect(readFileSync(pdf, 'utf8')).toContain('--print-to-pdf=');
    rmSync(pdf);
  }, 60_000);

  it('says what to install where there is none', async () => {
    const { code, stderr } = await printed({ CHROMIUM: join(folder, 'gone') });
    expect(code).toBe(1);
    expect(stderr).toContain('No Chromium was found');
    expect(stderr).toContain('CHROMIUM=');
  }, 60_000);
});

/**
 * What `hardcap audit` prints. `sarif-schema-2.1.0.json` is the schema of OASIS, version 2.1.0 with
 * errata 01, from github.com/oasis-tcs/sarif-spec (sarif-2.1/schema/sarif-schema-2.1.0.json, commit
 * e0583813964ec43cea53b6b531b402866095ed1f), laid out anew by the formatter and otherwise unchanged.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import draft04 from 'ajv-draft-04';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/command.ts';
import type { RegisterReport } from '../../src/register/exit-report.ts';
import { audit as command } from '../../src/cli/audit/command.ts';
import type { AuditJson } from '../../src/cli/audit/render/json.ts';
import { runProgram } from '../../src/cli/frame/program.ts';
import { fakeWorld } from './world.ts';
import { instant } from './clock.ts';
import { PREPARED } from './manifest.ts';
import { filesOf, unpack, type Unpacked } from './repo.ts';

const repositories = new Map<string, Unpacked>();

beforeAll(() => {
  for (const { name } of PREPARED) repositories.set(name, unpack(filesOf(name)));
});

afterAll(() => {
  for (const one of repositories.values()) one.end();
});

const folder = (name: string): string => repositories.get(name)?.folder ?? '';

async function run(name: string, ...args: string[]) {
  const world = fakeWorld(folder(name));
  const program = { commands: [command], version: '0.0.0' };
  const exit = await runProgram(['audit', '--engine', 'scanner', ...args], program, world);
  return { exit, out: world.written.out, err: world.written.err };
}

async function jsonOf(name: string, ...args: string[]): Promise<AuditJson> {
  const { out } = await run(name, '--json', '--fail-on', 'never', ...args);
  return JSON.parse(out) as AuditJson;
}

describe('SARIF', () => {
  const schema = JSON.parse(
    readFileSync(new URL('sarif-schema-2.1.0.json', import.meta.url), 'utf8'),
  ) as object;
  const ajv = new draft04.default({
    strict: false,
    formats: {
      uri: (text: string) => URL.canParse(text),
      'uri-reference': (text: string) => URL.canParse(text, 'file:///'),
      'date-time': (text: string) => !Number.isNaN(Date.parse(text)),
    },
  });
  const isValid = ajv.compile(schema);

  it.each(PREPARED.map(({ name }) => name))('of %s validates against its schema', async (name) => {
    const { out } = await run(name, '--format', 'sarif', '--fail-on', 'never');
    const log: unknown = JSON.parse(out);
    expect(isValid(log), JSON.stringify(isValid.errors)).toBe(true);
  });

  it('has a result for each finding, with its file and line, and says what passes', async () => {
    const { points } = await jsonOf('typescript-api');
    const { out } = await run('typescript-api', '--format', 'sarif', '--fail-on', 'never');
    const log = JSON.parse(out) as SarifLog;
    const [sarif] = log.runs;
    const located = sarif?.results.filter(({ kind }) => kind === 'fail') ?? [];
    const expected = points.flatMap(({ id, findings }) =>
      findings.map(({ file, line, level }) => `${id} ${LEVELS[level]} ${file}:${line}`),
    );
    expect(
      located.map(({ ruleId, level, locations: [place] = [] }) => {
        const { artifactLocation, region } = place!.physicalLocation;
        return `${ruleId} ${level} ${decodeURIComponent(artifactLocation.uri)}:${region.startLine}`;
      }),
    ).toEqual(expected);
    expect(sarif?.tool.driver.rules.map(({ id }) => id)).toEqual(points.map(({ id }) => id));
  });

  it('the schema refuses what is no SARIF', () => {
    expect(isValid({ version: '2.1.0' })).toBe(false);
    expect(isValid({ version: '2.1.0', runs: [{ tool: {} }] })).toBe(false);
  });
});

interface SarifLog {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly kind: string;
      readonly level: string;
      readonly locations?: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number };
        };
      }[];
    }[];
  }[];
}

const LEVELS = { fail: 'error', warn: 'warning', note: 'note' } as const;

describe('the exit code', () => {
  it('is 0 for the perfect repository, whatever is a reason to fail', async () => {
    for (const failOn of ['fail', 'warn', 'never', 'caps,egress']) {
      expect((await run('perfect', '--fail-on', failOn)).exit, failOn).toBe(EXIT.ok);
    }
  });

  it('is 1 for a failure, unless never or another point was named', async () => {
    expect((await run('javascript-cli')).exit).toBe(EXIT.no);
    expect((await run('javascript-cli', '--fail-on', 'egress')).exit).toBe(EXIT.no);
    expect((await run('javascript-cli', '--fail-on', 'caps,prices')).exit).toBe(EXIT.ok);
    expect((await run('javascript-cli', '--fail-on', 'never')).exit).toBe(EXIT.ok);
  });

  it('is 1 for a warning only where warnings were named', async () => {
    const files = new Map(filesOf('perfect'));
    const guard = files.get('src/guard.ts') ?? '';
    files.set('src/guard.ts', guard.replace(/^guard\.on\('drift'.*\n/m, ''));
    const repository = unpack(files);
    repositories.set('perfect but one listener', repository);
    expect((await run('perfect but one listener')).exit).toBe(EXIT.ok);
    expect((await run('perfect but one listener', '--fail-on', 'warn')).exit).toBe(EXIT.no);
  });

  it('is 2 for what cannot be meant, with what to say instead', async () => {
    const cases: [string[], RegExp][] = [
      [['--fail-on', 'egres'], /Did you mean egress/],
      [['--fail-on', 'caps,scope'], /Did you mean scopes/],
      [['nowhere'], /is no folder/],
      [['--report', 'nowhere.json'], /cannot be read/],
      [['--format', 'xml'], /sarif/],
      [['--engine', 'typescript'], /Install typescript/],
      [['--engine', 'eslint'], /Install them/],
    ];
    for (const [args, said] of cases) {
      const world = fakeWorld(folder('perfect'));
      const program = { commands: [command], version: '0.0.0' };
      const exit = await runProgram(['audit', ...args], program, world);
      expect(exit, args.join(' ')).toBe(EXIT.usage);
      expect(world.written.err).toMatch(said);
    }
  });
});

describe('JSON', () => {
  it('has the same fields whatever was found', async () => {
    for (const { name } of PREPARED) {
      const json = await jsonOf(name);
      expect(Object.keys(json)).toEqual([
        'version',
        'engines',
        'files_read',
        'files_skipped',
        'passed',
        'failed',
        'not_applicable',
        'warnings',
        'points',
      ]);
      expect(json.passed + json.failed + json.not_applicable).toBe(12);
      for (const point of json.points) {
        expect(Object.keys(point)).toEqual([
          'number',
          'id',
          'title',
          'status',
          'why',
          'mend',
          'reason',
          'findings',
          'evidence',
        ]);
        expect(point.reason === null).toBe(point.status !== 'not applicable');
        for (const finding of point.findings) {
          expect(Object.keys(finding)).toEqual(['level', 'file', 'line', 'what', 'mend']);
        }
      }
    }
  });

  it('shows evidence with a file and a line for every point that passes', async () => {
    const { points } = await jsonOf('perfect');
    expect(points.map(({ status }) => status)).toEqual(points.map(() => 'pass'));
    for (const { id, evidence } of points) expect(evidence.length, id).toBeGreaterThan(0);
  });

  it('names what looked', async () => {
    expect((await jsonOf('perfect')).engines).toEqual(['own scanner']);
  });
});

describe('text and Markdown', () => {
  it('name each finding with its place, why it matters and how to mend it', async () => {
    const { points } = await jsonOf('typescript-api');
    const text = (await run('typescript-api')).out;
    const markdown = (await run('typescript-api', '--format', 'markdown')).out;
    const words = (one: string): string => one.replace(/\s+/g, ' ');
    for (const { title, status, why, findings } of points) {
      expect(text).toContain(title);
      expect(markdown).toContain(`${title}: ${status}`);
      if (status === 'fail') expect(words(text)).toContain(words(why));
      for (const { file, line, what } of findings) {
        expect(text).toContain(`${file}:${line}`);
        expect(words(text)).toContain(words(what));
        expect(words(markdown).replaceAll('\\|', '|').replaceAll('&lt;', '<')).toContain(what);
      }
    }
  });

  it('does not let a file name write to the terminal', async () => {
    const name = 'src/\u001b[31m.ts';
    const text = "import OpenAI from 'openai';\nexport const a = new OpenAI();\n";
    repositories.set('escapes', unpack(new Map([[name, text]])));
    const { out } = await run('escapes', '--fail-on', 'never');
    expect(out).not.toContain('\u001b');
    expect(out).toContain('\\u{1b}');
  });
});

describe('what a run has shown', () => {
  const row = { host: 'api.openai.com', route: 'responses', channel: 'fetch', count: 3 } as const;
  const reported = (egress: RegisterReport['egress']): string => {
    const path = join(folder('perfect'), 'egress.json');
    writeFileSync(path, JSON.stringify({ pid: 1, egress }));
    return path;
  };

  it('passes as evidence where all was held', async () => {
    const path = reported([{ ...row, outcome: 'held' }]);
    const { points } = await jsonOf('perfect', '--report', path);
    const egress = points.find(({ id }) => id === 'egress');
    expect(egress?.status).toBe('pass');
    expect(egress?.evidence.some(({ what }) => what.includes('3 requests to api.openai.com'))).toBe(
      true,
    );
  });

  it('fails the point where a request left for a provider past the guard', async () => {
    const path = reported([{ ...row, host: 'openrouter.ai', outcome: 'not a provider host' }]);
    const { points } = await jsonOf('perfect', '--report', path);
    const egress = points.find(({ id }) => id === 'egress');
    expect(egress?.status).toBe('fail');
    expect(egress?.findings[0]?.what).toContain('openrouter.ai');
  });

  it('is refused where it is no report', async () => {
    const path = reported([]);
    writeFileSync(path, JSON.stringify({ egress: [{ host: 1 }] }));
    const { exit, err } = await run('perfect', '--report', path);
    expect(exit).toBe(EXIT.usage);
    expect(err).toContain('row 0 is none');
  });
});

describe('time', () => {
  it('fails the prices and warns of the map of owners when both are old', async () => {
    const world = fakeWorld(folder('perfect'), instant('2028-01-01T00:00:00Z'));
    const args = ['audit', '--json', '--engine', 'scanner', '--fail-on', 'never'];
    await runProgram(args, { commands: [command], version: '0.0.0' }, world);
    const { points } = JSON.parse(world.written.out) as AuditJson;
    expect(points.find(({ id }) => id === 'prices')?.status).toBe('fail');
    const map = points.find(({ id }) => id === 'vendors')?.findings ?? [];
    expect(map.some(({ level, what }) => level === 'warn' && what.includes('days old'))).toBe(true);
  });
});

describe('the project', () => {
  it('is not run: neither its code nor its configuration of ESLint', async () => {
    const files = new Map(filesOf('perfect'));
    const bomb = "require('node:fs').writeFileSync(__dirname + '/ran', '');\n";
    for (const path of ['eslint.config.cjs', 'budget-guard.config.cjs', 'index.cjs']) {
      files.set(path, bomb);
    }
    const repository = unpack(files);
    repositories.set('bomb', repository);
    const world = fakeWorld(repository.folder);
    await runProgram(['audit', '--json'], { commands: [command], version: '0.0.0' }, world);
    expect(JSON.parse(world.written.out)).toHaveProperty('passed', 12);
    expect(existsSync(join(repository.folder, 'ran'))).toBe(false);
    execFileSync(process.execPath, [join(repository.folder, 'index.cjs')]);
    expect(existsSync(join(repository.folder, 'ran'))).toBe(true);
  });

  it('is audited by the program as it is started', () => {
    const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
    const run = spawnSync(
      process.execPath,
      ['--import', 'tsx', main, 'audit', folder('bypass'), '--engine', 'scanner', '--json'],
      { encoding: 'utf8', cwd: new URL('../..', import.meta.url).pathname },
    );
    expect(run.stderr).toBe('');
    expect(run.status).toBe(EXIT.no);
    const { failed } = JSON.parse(run.stdout) as AuditJson;
    expect(failed).toBe(10);
  });
});

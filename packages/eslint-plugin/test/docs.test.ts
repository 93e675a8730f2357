import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configs, meta, rules } from '../src/index.ts';
import { lintText, type Report } from '../scripts/lint.ts';

const PACKAGE = fileURLToPath(new URL('../', import.meta.url));
const PAGES = `${PACKAGE}docs/rules/`;
const names = Object.keys(rules) as (keyof typeof rules)[];

const pageOf = (name: string) => readFileSync(`${PAGES}${name}.md`, 'utf8');

const blocksOf = (page: string, verdict: 'bad' | 'good') =>
  [...page.matchAll(/^```ts (bad|good)\n(.*?)^```$/gms)]
    .filter(([, marked]) => marked === verdict)
    .map(([, , code = '']) => code);

/** Messages of suggested changes, which are reported beside another message only. */
const SUGGESTIONS = new Set(['addCeiling', 'addThrow', 'assignBack']);

const LEVELS = {
  error: 'An error in `recommended` and in `strict`.',
  warn: 'A warning in `recommended`, an error in `strict`.',
};

describe('the pages of the rules', () => {
  it('there is one for each rule, and none for what is no rule', () => {
    expect(readdirSync(PAGES).sort()).toEqual(names.map((name) => `${name}.md`).sort());
  });

  it.each(names)('%s: name, description, level and address are those of the rule', (name) => {
    const page = pageOf(name);
    const { docs } = rules[name].meta;
    expect(page.startsWith(`# ${name}\n\n> ${docs?.description}\n\n`)).toBe(true);
    expect(page).toContain(LEVELS[docs?.recommended ?? 'error']);
    expect(docs?.description).toMatch(/^[A-Z].*[^.]$/);
    expect(docs?.requiresTypeChecking).toBe(true);
    expect(fileURLToPath(docs?.url ?? '')).toBe(`${PAGES}${name}.md`);
  });

  it.each(names)('%s: every option is on the page, and the page knows no other', (name) => {
    const [, section = ''] = pageOf(name).split('\n## Options\n');
    const listed = [...section.matchAll(/^- `(\w+)`: /gm)].map(([, option = '']) => option);
    const schema = rules[name].meta.schema as readonly { readonly properties: object }[];
    expect(listed.sort()).toEqual(schema.flatMap((one) => Object.keys(one.properties)).sort());
    if (listed.length === 0) expect(section.trim()).toBe('None.');
  });

  it.each(names)(
    '%s: what is marked bad is reported, in every message; what is good is not',
    async (name) => {
      const page = pageOf(name);
      const [bad, good] = [blocksOf(page, 'bad'), blocksOf(page, 'good')];
      expect(good.length).toBeGreaterThan(0);
      const reports: Report[] = [];
      for (const code of bad) {
        const found = await lintText(code, [name]);
        expect(found, code).not.toEqual([]);
        reports.push(...found);
      }
      for (const code of good) expect(await lintText(code), code).toEqual([]);
      const shown = new Set(reports.map(({ messageId = '' }) => messageId));
      const said = Object.keys(rules[name].meta.messages).filter((id) => !SUGGESTIONS.has(id));
      expect([...shown].sort()).toEqual(said.sort());
      expect(reports.flatMap(({ suggested }) => suggested).every((id) => SUGGESTIONS.has(id))).toBe(
        true,
      );
    },
    120_000,
  );
});

describe('the package', () => {
  const manifest = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8')) as {
    name: string;
    version: string;
    files: string[];
  };

  it('calls itself in the plugin as in its manifest, and brings its pages along', () => {
    expect(meta).toEqual({
      name: manifest.name,
      namespace: 'hardcap',
      version: manifest.version,
    });
    expect(manifest.files).toContain('docs');
    expect(existsSync(`${PACKAGE}README.md`)).toBe(true);
  });

  it('lists every rule with its level in the README', () => {
    const readme = readFileSync(`${PACKAGE}README.md`, 'utf8');
    const rows = [...readme.matchAll(/^\| \[`([\w-]+)`\]\(docs\/rules\/\1\.md\) \| (.*?) \|/gm)];
    expect(rows.map(([, name, description]) => [name, description])).toEqual(
      names.map((name) => [name, rules[name].meta.docs?.description]),
    );
  });

  it('`recommended` has every rule at its level, `strict` every rule as an error', () => {
    for (const name of names) {
      const level = rules[name].meta.docs?.recommended;
      expect(configs.recommended.rules[`hardcap/${name}`]).toBe(level);
      expect(configs.strict.rules[`hardcap/${name}`]).toBe('error');
    }
    expect(Object.keys(configs.recommended.rules)).toHaveLength(names.length);
  });
});

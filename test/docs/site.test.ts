import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { blueprintFiles } from '../../scripts/docs/blueprint.ts';
import { CONFIG_PAGE, configPage } from '../../scripts/docs/config-page.ts';
import { svgOf } from '../../scripts/docs/diagrams.ts';
import { navigated, published, ROOT } from '../../scripts/docs/navigation.ts';
import { scaleSection } from '../../scripts/docs/scale.ts';
import { addressOf, linkOnSite } from '../../scripts/docs/site.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Pages that links lead to from a page, over any number of others. */
function reachable(from: string): ReadonlySet<string> {
  const seen = new Set([from]);
  for (const page of seen) {
    for (const [, href = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      const [target = ''] = href.split('#');
      const path = posix.join(posix.dirname(page), target).replace(/\/$/, '');
      const found = [path, `${path}/README.md`].find((one) => one.endsWith('.md'));
      if (found !== undefined && published().includes(found)) seen.add(found);
    }
  }
  return seen;
}

describe('the navigation', () => {
  it('leads to every page, and to each once', () => {
    expect([...navigated()].sort()).toEqual([...published()].sort());
  });

  it('is not the only way: every page is reached from docs/README.md by links', () => {
    const seen = reachable('docs/README.md');
    expect(published().filter((page) => !seen.has(page))).toEqual([]);
    expect(seen.size).toBeGreaterThan(30);
  });
});

describe('links on the site', () => {
  it.each([
    ['docs/loops.md', 'https://example.com', 'https://example.com'],
    ['docs/loops.md', '#part', '#part'],
    ['docs/near-cap.md', 'expect.md', './expect.md'],
    ['docs/near-cap.md', '../README.md#caps', '../index.md#caps'],
    ['docs/near-cap.md', 'errors', './errors/README.md'],
    ['docs/guides/ci.md', '../decisions/', '../decisions/README.md'],
  ])('%s: %s is %s', (from, href, link) => {
    expect(linkOnSite(from, href)).toBe(link);
  });

  it('to files of the repository that are no pages become text', () => {
    expect(linkOnSite('docs/guarantees.md', '../src/index.ts')).toBeUndefined();
    expect(linkOnSite('README.md', 'examples')).toBeUndefined();
  });

  it('that lead nowhere stay links, for the generator to find', () => {
    expect(linkOnSite('docs/loops.md', 'gone.md')).toBe('./gone.md');
  });
});

describe('what is generated', () => {
  it('the reference of the configuration is what the schema says', () => {
    expect(readFileSync(CONFIG_PAGE, 'utf8')).toBe(configPage());
  });

  it('it would change with a field', () => {
    const properties = { novel: { type: 'integer', minimum: 1, description: 'New.', default: 7 } };
    expect(configPage({ properties })).toContain('| `novel` | integer, >= 1 | `7` | New. |');
  });

  it('drawings and scale of the Blueprint are what their scripts make', () => {
    for (const [path, text] of blueprintFiles()) {
      expect(read(path), `${path}: run npm run docs:blueprint`).toBe(text);
    }
  });

  it('the scale follows from the published figures, and fails without them', () => {
    const benchmarks = read('docs/reference/benchmarks.md');
    const leases = [
      '| policy | messages per 1,000 calls in all |',
      '| --- | --- |',
      '| direct: every call asks | 2000 |',
      '',
      '| fleet | messages per 1,000 calls |',
      '| --- | --- |',
      '| 8 processes, 10 calls/s each | 500 |',
    ].join('\n');
    const told = benchmarks.replace(/^(\| PostgreSQL, direct \| 4 \|) [^|]+/m, '$1 250 ');
    // 250 pairs/s at 2 messages are 500/s; half a million messages a second take a thousand of them.
    expect(scaleSection({ benchmarks: told, leases })).toContain(
      '| 8 processes, 10 calls/s each | 500 | 500,000 | 1,000 |',
    );
    expect(() => scaleSection({ benchmarks: '', leases })).toThrow('No row 4, 4096');
  });

  it('a drawing has its boxes, its arrows and its title, and no arrow to nowhere', () => {
    const box = (id: string, x: number) => ({ id, x, y: 0, w: 4, lines: [`<${id}>`] });
    const drawing = { name: 'a', title: 'A & B', boxes: [box('a', 0), box('b', 10)] };
    const svg = svgOf({ ...drawing, arrows: [{ from: 'a', to: 'b' }] });
    expect(svg).toContain('<title>A &amp; B</title>');
    expect(svg).toContain('&lt;a&gt;');
    expect(svg).toContain('x1="92" y1="42" x2="212" y2="42"');
    expect(() => svgOf({ ...drawing, arrows: [{ from: 'a', to: 'c' }] })).toThrow('No box');
  });
});

describe('npm run docs:site', () => {
  it('builds a page for each, with no dead link', async () => {
    const out = mkdtempSync(join(tmpdir(), 'hardcap-site-'));
    try {
      const args = ['vitepress', 'build', 'docs', '--outDir', out];
      await promisify(execFile)('npx', args, { cwd: ROOT, env: { ...process.env, CI: 'true' } });
      for (const path of navigated()) {
        const address = addressOf(path) === '/' ? '/index' : addressOf(path);
        expect(existsSync(join(out, `${address}.html`)), path).toBe(true);
      }
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  }, 300_000);
});

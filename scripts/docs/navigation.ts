/** The order in which the pages are read: the side bar of the site, and the list in `docs/README.md`. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A heading of the side bar, and the pages under it. */
export interface Group {
  readonly text: string;
  /** Paths relative to the repository; a folder stands for all pages in it, in order of names. */
  readonly pages: readonly string[];
  /** Whether it is folded until somebody opens it. */
  readonly isFolded?: boolean;
}

/** The groups, in reading order. A page that is in none of them is found by a test. */
export const GROUPS: readonly Group[] = [
  { text: 'Start here', pages: ['README.md', 'docs/start.md', 'docs/README.md'] },
  {
    text: 'Concepts',
    pages: [
      'docs/concepts.md',
      'docs/near-cap.md',
      'docs/loops.md',
      'docs/expect.md',
      'docs/budgets.md',
      'docs/grants.md',
      'docs/guarantees.md',
    ],
  },
  {
    text: 'Guides',
    pages: [
      'docs/guides/multi-agent.md',
      'docs/guides/per-customer-saas.md',
      'docs/guides/ci.md',
      'docs/guides/several-hosts.md',
      'docs/guides/from-litellm.md',
      'docs/guides/from-counters.md',
      'docs/agents.md',
      'docs/middleware.md',
      'docs/register.md',
      'docs/reconciliation.md',
      'docs/cli.md',
      'docs/simulate.md',
      'docs/audit.md',
      'docs/checklist.md',
    ],
  },
  {
    text: 'Ledgers',
    pages: [
      'docs/ledgers/README.md',
      'docs/ledgers/sqlite.md',
      'docs/ledgers/redis.md',
      'docs/ledgers/postgres.md',
      'docs/ledgers/operations.md',
    ],
  },
  {
    text: 'Reference',
    pages: [
      'docs/reference/config.md',
      'docs/errors/README.md',
      'docs/reference/cli.md',
      'docs/reference/bounds.md',
      'docs/reference/prices.md',
      'docs/reference/benchmarks.md',
      'docs/reference/leases.md',
      'CHANGELOG.md',
    ],
  },
  {
    text: 'Lint rules',
    isFolded: true,
    pages: [
      'packages/eslint-plugin/README.md',
      'packages/eslint-plugin/docs/rules',
      'packages/eslint-plugin/docs',
      'docs/budgets-nine.md',
    ],
  },
  { text: 'Blueprint', pages: ['docs/blueprint.md', 'ARCHITECTURE.md'] },
  {
    text: 'How it is tested',
    pages: [
      'docs/internals/testing.md',
      'docs/incidents.md',
      'docs/billing-incidents.md',
      'docs/experiments.md',
    ],
  },
  { text: 'What it does not promise', pages: ['docs/limits.md', 'SECURITY.md'] },
  { text: 'Comparison', pages: ['docs/comparison.md'] },
  { text: 'Decisions', isFolded: true, pages: ['docs/decisions'] },
  { text: 'Contributing', isFolded: true, pages: ['CONTRIBUTING.md', 'STYLE.md'] },
];

/** One page of the side bar. */
export interface Page {
  /** Its first heading. */
  readonly title: string;
  /** Relative to the repository: `docs/near-cap.md`. */
  readonly path: string;
}

/** The pages of a group, folders opened. */
export function pagesOf({ pages }: Group): readonly Page[] {
  return pages.flatMap((path) => (path.endsWith('.md') ? [path] : pagesIn(path))).map(page);
}

/** Every page that the navigation leads to. */
export function navigated(): readonly string[] {
  return GROUPS.flatMap((group) => pagesOf(group).map(({ path }) => path));
}

/** Pages that are there: everything in `docs`, of the packages, and at the top of the repository. */
export function published(): readonly string[] {
  const top = pagesIn('');
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.startsWith('.'))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`);
  const packages = readdirSync(join(ROOT, 'packages')).flatMap((name) =>
    ['', '/docs', '/docs/rules'].flatMap((folder) => pagesIn(`packages/${name}${folder}`)),
  );
  return [...top, ...docs, ...packages].sort();
}

function pagesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => (folder === '' ? name : `${folder}/${name}`));
}

function page(path: string): Page {
  const heading = /^# +(.+)$/m.exec(readFileSync(join(ROOT, path), 'utf8'))?.[1];
  if (heading === undefined) throw new Error(`${path} has no first heading`);
  return { path, title: heading.replaceAll('`', '') };
}

/** The site: the pages as they lie in the repository, with a side bar and a search. */

import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { defineConfig, type UserConfig } from 'vitepress';
import { GROUPS, pagesOf, published, ROOT } from './navigation.ts';

type MarkdownRenderer = Parameters<NonNullable<NonNullable<UserConfig['markdown']>['config']>>[0];

/** Folders whose Markdown is no page: what tools made, and texts that tests read. */
const NO_PAGES = [
  '{bench,coverage,examples,incidents,scripts,src,templates,test,tmp}/**',
  'packages/*/{corpus,scripts,src,test}/**',
  '**/.*/**',
];

/**
 * What VitePress is told. Pages keep their paths, so that one link leads to the same page here and
 * where the repository is read; a link to a page that is not there fails the build.
 */
export const SITE = defineConfig({
  title: 'hardcap',
  description: 'Hard spending caps for LLM calls, checked in process before the request leaves.',
  srcDir: '..',
  srcExclude: NO_PAGES,
  outDir: '../tmp/site',
  cacheDir: '../tmp/site-cache',
  rewrites: { 'README.md': 'index.md' },
  lang: 'en',
  metaChunk: true,
  markdown: { html: false, config: asInTheRepository },
  // One chunk holds the longest page; it is a page, and not a fault.
  vite: { build: { chunkSizeWarningLimit: 5_000 } },
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    nav: [
      { text: 'Start', link: '/' },
      { text: 'Concepts', link: '/docs/concepts' },
      { text: 'Blueprint', link: '/docs/blueprint' },
      { text: 'Comparison', link: '/docs/comparison' },
    ],
    sidebar: GROUPS.map((group) => ({
      text: group.text,
      collapsed: group.isFolded === true,
      items: pagesOf(group).map(({ title, path }) => ({ text: title, link: addressOf(path) })),
    })),
  },
});

const PUBLISHED: ReadonlySet<string> = new Set(published());

/** Where a page is on the site: `docs/near-cap.md` at `/docs/near-cap`. */
export function addressOf(path: string): string {
  return path === 'README.md' ? '/' : `/${path.replace(/\.md$/, '')}`;
}

/**
 * What a relative link of a page becomes: a page's own path (a folder's is that of its `README.md`),
 * or `undefined` for a file that is not on the site, whose text then stands without a link.
 */
export function linkOnSite(from: string, href: string): string | undefined {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [target = '', ...anchor] = href.split('#');
  const joined = posix.join(posix.dirname(from), target).replace(/\/$/, '');
  const path = isFolder(joined) ? `${joined}/README.md` : joined;
  const isHere = existsSync(join(ROOT, path));
  if (isHere && !PUBLISHED.has(path)) return undefined;
  if (!isHere && isFolder(joined)) return undefined;
  const found = path === 'README.md' ? 'index.md' : path;
  const relative = posix.relative(posix.dirname(from), found);
  return [relative.startsWith('.') ? relative : `./${relative}`, ...anchor].join('#');
}

function isFolder(path: string): boolean {
  const full = join(ROOT, path);
  return existsSync(full) && statSync(full).isDirectory();
}

/** Links as the repository has them, and comments of generators left out. */
function asInTheRepository(markdown: MarkdownRenderer): void {
  markdown.core.ruler.before('block', 'comments', (state) => {
    state.src = state.src.replace(/^<!--.*?-->$/gms, '');
  });
  markdown.core.ruler.push('links', (state) => {
    const from = sourceOf(state.env as { readonly relativePath?: string });
    for (const { children } of state.tokens) {
      for (const token of children ?? []) {
        const href = token.attrGet('href');
        if (token.type !== 'link_open' || href === null) continue;
        const link = linkOnSite(from, decodeURI(href));
        if (link === undefined) token.attrs = [['class', 'not-on-site']];
        else token.attrSet('href', link);
      }
    }
  });
}

/** The page in the repository that a page of the site was made from. */
function sourceOf({ relativePath = '' }: { readonly relativePath?: string }): string {
  return relativePath === 'index.md' ? 'README.md' : relativePath;
}

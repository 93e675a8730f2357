/** What must hold of the tree as a whole: no trace of a machine, links that lead somewhere. */

import { posix } from 'node:path';
import type { TextFile } from './source.ts';

/** A path of one machine: `/tmp/...`, `/root/...`, a home folder, a working folder. */
const MACHINE_PATH = /(?<![\w.~)}*-])\/(work|root|tmp|home\/\w+|Users\/\w+)\/[\w.@-]*/;

const REGISTRY =
  /registry\.(npmjs|yarnpkg|npmmirror)|npm\.pkg\.github|artifactory|jfrog|verdaccio|"resolved": *"http|\/-\/[\w.-]+\.tgz/;

/** Files that may hold what looks like one, and why. */
export const ALLOWED: readonly { readonly path: string; readonly why: string }[] = [
  { path: '.gitignore', why: 'A leading slash there means the repository’s root.' },
  { path: 'test/tidy/tree.ts', why: 'It holds the patterns.' },
  { path: 'test/tidy/tree.test.ts', why: 'It holds the samples.' },
];

/** Lines that name a path of somebody's machine. */
export function machinePaths(files: readonly TextFile[]): string[] {
  return linesThat(files, MACHINE_PATH);
}

/** Lines that name a package registry: the lockfile must install from any. */
export function registryAddresses(files: readonly TextFile[]): string[] {
  return linesThat(files, REGISTRY);
}

/** Markdown links, and paths of docs pages named in code, that lead nowhere. */
export function brokenLinks(
  files: readonly TextFile[],
  isThere: (path: string) => boolean,
): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return files.flatMap(({ path, text }) => {
    const links = path.endsWith('.md') ? markdownLinks(text) : [];
    const broken = links.filter((link) => !leadsSomewhere(path, link, byPath, isThere));
    const mentions = path.startsWith('test/tidy/') ? [] : docsMentions(text);
    const own = /^packages\/[^/]+\//.exec(path)?.[0] ?? '';
    const missing = mentions.filter((page) => !isThere(page) && !isThere(own + page));
    return [...new Set([...broken, ...missing])].map((target) => `${path}: ${target}`);
  });
}

/** Commands in Markdown (`npm run x`) that `package.json` does not have. */
export function unknownCommands(
  files: readonly TextFile[],
  scripts: Readonly<Record<string, string>>,
): string[] {
  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/npm run ([\w:-]+)/g)]
        .map(([, name]) => name ?? '')
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => `${path}: npm run ${name}`),
    );
}

/**
 * Sibling folders under `parent` whose files have other names: `openai lacks usage.ts`. Folders
 * inside a sibling hold what only it has, and are left out.
 */
export function unequalSiblings(files: readonly TextFile[], parent: string): string[] {
  const siblings = new Map<string, Set<string>>();
  for (const { path } of files) {
    if (!path.startsWith(parent) || path.endsWith('.test.ts')) continue;
    const [sibling = '', ...rest] = path.slice(parent.length).split('/');
    if (rest.length !== 1 || sibling === 'conformance') continue;
    siblings.set(sibling, (siblings.get(sibling) ?? new Set()).add(rest.join('/')));
  }
  const all = new Set([...siblings.values()].flatMap((names) => [...names]));
  return [...siblings].flatMap(([sibling, names]) =>
    [...all].filter((name) => !names.has(name)).map((name) => `${parent}${sibling} lacks ${name}`),
  );
}

function linesThat(files: readonly TextFile[], pattern: RegExp): string[] {
  return files
    .filter(({ path }) => !ALLOWED.some((row) => row.path === path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => {
        const found = pattern.exec(line);
        return found === null ? [] : [`${path}:${index + 1}: ${found[0]}`];
      }),
    );
}

function markdownLinks(text: string): string[] {
  const prose = text.replace(/```.*?```/gs, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
}

function docsMentions(text: string): string[] {
  return [...text.matchAll(/(?<![\w./-])docs\/[\w./-]+\.md\b/g)].map(([mention]) => mention);
}

function leadsSomewhere(
  from: string,
  link: string,
  byPath: ReadonlyMap<string, TextFile>,
  isThere: (path: string) => boolean,
): boolean {
  const [target = '', anchor] = link.split('#');
  const path = target === '' ? from : posix.join(posix.dirname(from), target).replace(/\/$/, '');
  if (!isThere(path)) return false;
  const page = byPath.get(path);
  return anchor === undefined || page === undefined || headingSlugs(page.text).has(anchor);
}

/** The anchors that a page's headings get where Markdown is rendered. */
function headingSlugs(text: string): Set<string> {
  const headings = text.replace(/```.*?```/gs, '').matchAll(/^#+ +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}

import { pythonEscapes, lineEscapes, type ForeignEscape } from './code/other-languages.ts';
import { agentLines } from './code/agent-lines.ts';
import { CLIENT_PACKAGES } from './code/clients.ts';
import { clientOf, modelsOf, spendingCalls } from './code/spending.ts';
import { escapesIn } from './code/unguarded.ts';
import { CodeFile } from './read/code-file.ts';
import { guardsGivenOut } from './code/guarding.ts';
import { guardsOf, type GuardMade } from './code/guards.ts';
import { Origins } from './read/given-out.ts';
import type { Reader } from './read/typescript-tokens.ts';
import type { Skipped, TextFile, Walked } from './read/walk.ts';

/** Where something stands. */
export interface Place {
  /** Relative to the project; empty for the project as a whole. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A folder with a `package.json`, or the project itself. */
export interface Package {
  /** Relative to the project; empty for its root. */
  readonly folder: string;
  readonly manifest: TextFile | undefined;
  /** What it depends on, with the versions that it asks for. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Those of them that only its developers need. */
  readonly development: ReadonlySet<string>;
  readonly scripts: Readonly<Record<string, string>>;
}

/** A project as every point sees it: read once, never run. */
export interface Project {
  readonly files: readonly TextFile[];
  readonly code: readonly CodeFile[];
  readonly packages: readonly Package[];
  readonly foreign: readonly ForeignEscape[];
  readonly guards: readonly GuardMade[];
  readonly skipped: readonly Skipped[];
  readonly cutShort: string | undefined;
  /** Where it spends, first of all: what has no place of its own is reported there. */
  readonly firstSpending: Place | undefined;
  readonly engine: string;
  /** Functions of the project that guard the client they are given. */
  readonly ownGuards: readonly string[];
}

const CODE = /\.([cm]?[jt]sx?|vue|svelte|astro)$/;

/** Reads what a walk brought. */
export function readProject({ files, skipped, cutShort }: Walked, reader: Reader): Project {
  const code = files
    .filter(({ path }) => CODE.test(path))
    .map(({ path, text }) => new CodeFile(path, scriptOf(path, text), reader));
  const packages = packagesOf(files);
  const origins = new Origins(code, namedFolders(packages));
  for (const file of code) file.origin = (taken) => origins.of(file.path, taken);
  const ownGuards = new Set(code.flatMap(guardsGivenOut));
  for (const file of code) file.ownGuards = ownGuards;
  const python = files.filter(({ path }) => /\.(py|ipynb)$/.test(path));
  const foreign = [...python.flatMap(pythonEscapes), ...files.flatMap(lineEscapes)];
  const guards = guardsOf(code, files);
  const firstSpending = firstPlace(code, foreign) ?? firstSign(code, files, packages);
  const { name: engine } = reader;
  return {
    files,
    code,
    packages,
    foreign,
    guards,
    skipped,
    cutShort,
    firstSpending,
    engine,
    ownGuards: [...ownGuards],
  };
}

/** The code of a component, with spaces for the rest, so that lines stay what they are. */
function scriptOf(path: string, text: string): string {
  if (!/\.(vue|svelte|astro)$/.test(path)) return text;
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  const code = /(<script[^>]*>)([^]*?)(<\/script>)|^(---\n)([^]*?\n)(---)/g;
  let [kept, end] = ['', 0];
  for (const found of text.matchAll(code)) {
    const [, open = found[4] ?? '', inside = found[5] ?? '', close = found[6] ?? ''] = found;
    kept += blank(text.slice(end, found.index) + open) + inside + blank(close);
    end = found.index + found[0].length;
  }
  return kept + blank(text.slice(end));
}

/** The package that a file belongs to: the nearest above it. */
export function packageOf({ packages }: Pick<Project, 'packages'>, path: string): Package {
  const above = packages.filter(({ folder }) => folder === '' || path.startsWith(`${folder}/`));
  const nearest = above.reduce<Package | undefined>(
    (found, one) => (found === undefined || one.folder.length > found.folder.length ? one : found),
    undefined,
  );
  return nearest ?? NO_PACKAGE;
}

const NO_PACKAGE: Package = {
  folder: '',
  manifest: undefined,
  dependencies: {},
  development: new Set(),
  scripts: {},
};

/** Where a pattern is found first in a file, as a line from 1; 1 where it is not. */
export function lineOf({ text }: TextFile, pattern: RegExp | string): number {
  const at = typeof pattern === 'string' ? text.indexOf(pattern) : text.search(pattern);
  return at < 0 ? 1 : text.slice(0, at).split('\n').length;
}

/** The folders of packages of the project, by the names that others import them by. */
function namedFolders(packages: readonly Package[]): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  for (const { folder, manifest } of packages) {
    const { name } = recordOf(manifest === undefined ? undefined : jsonOf(manifest.text));
    if (typeof name === 'string' && folder !== '') folders.set(name, folder);
  }
  return folders;
}

function packagesOf(files: readonly TextFile[]): Package[] {
  return files
    .filter(({ path }) => /(^|\/)package\.json$/.test(path))
    .map((manifest) => {
      const fields = recordOf(jsonOf(manifest.text));
      return {
        folder: manifest.path.replace(/\/?package\.json$/, ''),
        manifest,
        dependencies: {
          ...textsOf(fields['peerDependencies']),
          ...textsOf(fields['devDependencies']),
          ...textsOf(fields['optionalDependencies']),
          ...textsOf(fields['dependencies']),
        },
        development: new Set(Object.keys(textsOf(fields['devDependencies']))),
        scripts: textsOf(fields['scripts']),
      };
    });
}

/** A file of JSON; `undefined` where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever needs it to be JSON says so; most files that are none are no concern of an audit.
    return undefined;
  }
}

/** A JSON object's fields; none for anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(recordOf(value)).filter((entry): entry is [string, string] => {
      return typeof entry[1] === 'string';
    }),
  );
}

/** Where it shows that models are asked, if no call of a known client does. */
function firstSign(
  code: readonly CodeFile[],
  files: readonly TextFile[],
  packages: readonly Package[],
): Place | undefined {
  for (const file of code.filter(({ isTest }) => !isTest)) {
    const [escape] = escapesIn(file);
    if (escape !== undefined) return { file: file.path, line: file.source.line(escape.at) };
  }
  const [agent] = agentLines({ packages, files });
  if (agent !== undefined) return agent.place;
  for (const { manifest, dependencies, development } of packages) {
    const name = Object.keys(dependencies).find(
      (one) => !development.has(one) && CLIENT_PACKAGES.some((known) => known.package === one),
    );
    if (name === undefined || manifest === undefined) continue;
    return { file: manifest.path, line: lineOf(manifest, `"${name}"`) };
  }
  return undefined;
}

function firstPlace(
  code: readonly CodeFile[],
  foreign: readonly ForeignEscape[],
): Place | undefined {
  for (const file of code.filter(({ isTest }) => !isTest)) {
    const starts = [
      ...file.calls.filter((call) => clientOf(file, call) !== undefined).map(({ from }) => from),
      ...spendingCalls(file).map(({ call }) => call.from),
      ...modelsOf(file).map(({ at }) => at),
    ];
    if (starts.length > 0) return { file: file.path, line: file.source.line(Math.min(...starts)) };
  }
  const [first] = foreign;
  return first === undefined ? undefined : { file: first.file, line: first.line };
}

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { modelsOf, providerOfPackage } from '../audit/code/spending.ts';
import { pythonEscapes, lineEscapes } from '../audit/code/other-languages.ts';
import { jsonOf, recordOf } from '../audit/project.ts';
import { CodeFile } from '../audit/read/code-file.ts';
import { OWN_READER } from '../audit/read/typescript-tokens.ts';
import { walk, type TextFile, type Walked } from '../audit/read/walk.ts';
import { usageError } from '../usage-error.ts';
import type { Framework, Sdk } from './middleware-text.ts';

/** What installs packages, by the lockfile that it leaves. */
export type Installer = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** A model that the code names. */
export interface ModelNamed {
  readonly provider: string;
  readonly model: string;
}

/** Calls of a provider from code of another language, which only a gateway can guard. */
export interface OtherLanguage {
  readonly language: string;
  /** `file:line` of the first. */
  readonly place: string;
}

/** What was found in the folder; nothing in it was run. */
export interface Project {
  /** Absolute. */
  readonly root: string;
  readonly installer: Installer;
  /** Folders of the workspaces that have a `package.json`, relative to the root. */
  readonly workspaces: readonly string[];
  /** Names in any list of dependencies of the manifest. */
  readonly dependencies: ReadonlySet<string>;
  readonly frameworks: readonly Exclude<Framework, 'none'>[];
  readonly sdks: readonly Sdk[];
  /** Packages that call Anthropic or OpenAI, and take a guarded `fetch` instead of a wrapper. */
  readonly fetching: readonly string[];
  /** Packages of providers that hardcap has no meter for. */
  readonly unmetered: readonly string[];
  /** `file:line` of a guard that the code makes by itself; `undefined`: none. */
  readonly ownGuard: string | undefined;
  readonly isTypeScript: boolean;
  /** The manifest says `"type": "module"`. */
  readonly isModule: boolean;
  /** Of `tsconfig.json`, comments included; `undefined` without one. */
  readonly tsconfig: string | undefined;
  /** JavaScript and TypeScript that is no test, in path order. */
  readonly code: readonly CodeFile[];
  readonly models: readonly ModelNamed[];
  readonly otherLanguages: readonly OtherLanguage[];
  /** The walk through the folder ended early; `undefined`: all of it was seen. */
  readonly cutShort: string | undefined;
}

const FRAMEWORKS = ['express', 'fastify', 'hono'] as const;
const SDKS: readonly (readonly [Sdk, string])[] = [
  ['anthropic', '@anthropic-ai/sdk'],
  ['openai', 'openai'],
];
const FETCHING = /^(@ai-sdk\/(anthropic|openai)|@langchain\/(anthropic|openai)|@openai\/agents)$/;
const UNMETERED = new RegExp(
  '^(@ai-sdk/google.*|@langchain/google.*|@google/gen.*ai|@mistralai/.+|groq-sdk|cohere-ai|' +
    '@anthropic-ai/(bedrock|vertex)-sdk|@aws-sdk/client-bedrock-runtime)$',
);
const CODE = /\.[cm]?[jt]sx?$/;

/** The name without its ending of the file that is generated; no second run takes it for code. */
export const MIDDLEWARE_NAME = 'enforcement-middleware';

/**
 * Reads a project. Throws `COMMAND_INVALID` where the folder has no readable `package.json`, or is
 * the root of workspaces of which several could be meant.
 */
export function readProject(root: string): Project {
  const manifest = manifestAt(root);
  const walked = walk(root);
  const workspaces = workspacesOf(root, manifest, walked);
  const own = walked.files.filter(({ path }) => !isInside(path, workspaces));
  const code = own
    .filter(({ path }) => CODE.test(path) && !path.includes(MIDDLEWARE_NAME))
    .map(({ path, text }) => new CodeFile(path, text, OWN_READER))
    .filter(({ isTest }) => !isTest);
  const dependencies = dependenciesOf(manifest);
  return {
    root,
    installer: installerOf(root, manifest),
    workspaces,
    dependencies,
    frameworks: FRAMEWORKS.filter((name) => dependencies.has(name)),
    sdks: SDKS.filter(([, name]) => dependencies.has(name)).map(([sdk]) => sdk),
    fetching: [...dependencies].filter((name) => FETCHING.test(name)).sort(),
    unmetered: [...dependencies].filter((name) => UNMETERED.test(name)).sort(),
    ownGuard: guardIn(code),
    isTypeScript: code.some(({ path }) => /\.[cm]?tsx?$/.test(path)),
    isModule: manifest['type'] === 'module',
    tsconfig: textAt(join(root, 'tsconfig.json')),
    code,
    models: modelsIn(code),
    otherLanguages: otherLanguagesIn(own),
    cutShort: walked.cutShort,
  };
}

function manifestAt(root: string): Readonly<Record<string, unknown>> {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw usageError(`${root} is no folder`, 'Say --dir with the folder of a project');
  }
  const path = join(root, 'package.json');
  const text = textAt(path);
  if (text === undefined) {
    throw usageError(
      `There is no package.json in ${root}`,
      'Say --dir with the folder of a project, or make one with `npm init`',
    );
  }
  const fields = jsonOf(text);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw usageError(`${path} is not a JSON object`, 'Correct it first');
  }
  return recordOf(fields);
}

function textAt(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function dependenciesOf(manifest: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const lists = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
  return new Set(lists.flatMap((list) => Object.keys(recordOf(manifest[list]))));
}

const LOCKFILES: readonly (readonly [string, Installer])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
];

/** By the field `packageManager`, else by the nearest lockfile above; npm where nothing says it. */
function installerOf(root: string, manifest: Readonly<Record<string, unknown>>): Installer {
  const said = manifest['packageManager'];
  const installers = ['npm', 'pnpm', 'yarn', 'bun'] as const;
  const named = installers.find((name) => typeof said === 'string' && said.startsWith(`${name}@`));
  if (named !== undefined) return named;
  for (const folder of foldersAbove(root)) {
    const found = LOCKFILES.find(([name]) => existsSync(join(folder, name)));
    if (found !== undefined) return found[1];
  }
  return 'npm';
}

/** The folder and those above it, up to the one that holds `.git`. */
export function foldersAbove(root: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = resolve(root); ; folder = dirname(folder)) {
    folders.push(folder);
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return folders;
  }
}

/** Every package in the folder, where the manifest or a file of pnpm says that there are some. */
function workspacesOf(
  root: string,
  manifest: Readonly<Record<string, unknown>>,
  { files }: Walked,
): readonly string[] {
  const has = manifest['workspaces'] !== undefined || existsSync(join(root, 'pnpm-workspace.yaml'));
  if (!has) return [];
  return files
    .filter(({ path }) => path.endsWith('/package.json'))
    .map(({ path }) => path.slice(0, -'/package.json'.length));
}

function isInside(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

/** Workspaces that depend on one of the SDKs: those that caps are for. */
export function spendingWorkspaces({ root, workspaces }: Project): readonly string[] {
  return workspaces.filter((folder) => {
    const dependencies = dependenciesOf(
      recordOf(jsonOf(textAt(join(root, folder, 'package.json')) ?? '')),
    );
    return SDKS.some(([, name]) => dependencies.has(name));
  });
}

function guardIn(code: readonly CodeFile[]): string | undefined {
  for (const { path, source, calls } of code) {
    const made = calls.find((call) => /^BudgetGuard(\.fromConfig)?$/.test(call.path));
    if (made !== undefined) return `${path}:${source.line(made.from)}`;
  }
  return undefined;
}

function modelsIn(code: readonly CodeFile[]): readonly ModelNamed[] {
  const found = new Map<string, ModelNamed>();
  for (const file of code) {
    for (const { model, provider } of modelsOf(file)) {
      const known = provider ?? providerOfPackage(model);
      if (known !== undefined) found.set(`${known} ${model}`, { provider: known, model });
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, named]) => named);
}

function otherLanguagesIn(files: readonly TextFile[]): readonly OtherLanguage[] {
  const python = files.filter(({ path }) => /\.(py|ipynb)$/.test(path));
  const found = new Map<string, OtherLanguage>();
  for (const { file, line, language } of [
    ...python.flatMap(pythonEscapes),
    ...files.flatMap(lineEscapes),
  ]) {
    if (!found.has(language)) found.set(language, { language, place: `${file}:${line}` });
  }
  return [...found.values()];
}

/** A path for people and for JSON: relative to the folder, with forward slashes. */
export function shownPath(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

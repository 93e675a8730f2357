import { dirname, posix } from 'node:path';
import { clientOf } from '../audit/code/spending.ts';
import type { CodeFile } from '../audit/read/code-file.ts';
import type { Binding } from '../audit/read/names.ts';
import type { Call } from '../audit/read/source.ts';
import { applicationIn, applicationsIn, mountPoint, type AppFound } from './application.ts';
import { takes, type Dialect, type Framework, type Sdk } from './middleware-text.ts';

/** One line to write, before a line of the file as it is; or to write in place of it. */
export interface LineEdit {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  /** From 1: the line of the file before any edit. */
  readonly line: number;
  /** The line that goes; `undefined`: none, the new one is put before it. */
  readonly remove: string | undefined;
  readonly insert: string;
  /** The line that stands there now, by which a reader finds the place. */
  readonly beside: string;
}

/** What the code needs for its calls to be capped. */
export interface CodeEdits {
  readonly edits: readonly LineEdit[];
  /** What must be written where no line was found for it. Sentences. */
  readonly byHand: readonly string[];
  /** Lines of an earlier run that are there already. */
  readonly isDone: boolean;
}

/** What the lines are made for. */
export interface EditTerms {
  readonly framework: Framework;
  /** Of the generated file, relative to the project. */
  readonly middleware: string;
  /** How a TypeScript file of the project names another: with `.ts`, with `.js`, or without. */
  readonly ending: '.ts' | '.js' | '';
}

/** A client that the code makes. */
interface ClientMade {
  readonly file: CodeFile;
  readonly call: Call;
  readonly sdk: Sdk;
  /** The name that the client has in its file, where it has one. */
  readonly binding: Binding | undefined;
}

const GUARDS: Readonly<Record<Sdk, string>> = {
  anthropic: 'guardAnthropic',
  openai: 'guardOpenAI',
};

const PACKAGES: Readonly<Record<string, Sdk>> = {
  '@anthropic-ai/sdk': 'anthropic',
  openai: 'openai',
};

/**
 * The lines to change. A client that the application's file can name is guarded by the line that
 * mounts the caps; every other one where it is made.
 */
export function codeEdits(code: readonly CodeFile[], terms: EditTerms): CodeEdits {
  const app = terms.framework === 'none' ? undefined : applicationIn(code, terms.framework);
  const clients = code.flatMap(clientsOf);
  const mounted = code.filter((file) => file.calls.some(({ path }) => path === 'enforceCaps'));
  const open = clients.filter((client) => !isGuarded(client, mounted));
  const byHand: string[] = [];
  const edits: LineEdit[] = [];
  const names = new Map<CodeFile, Set<string>>();
  const use = (file: CodeFile, name: string): void => {
    names.set(file, (names.get(file) ?? new Set()).add(name));
  };
  const covered = new Set<ClientMade>();
  const point = app === undefined || mounted.length > 0 ? undefined : mountPoint(app);
  if (app !== undefined && point !== undefined) {
    const named: string[] = [];
    for (const [sdk, name, client] of namedAt(app, point, open)) {
      covered.add(client);
      named.push(name === sdk ? sdk : `${sdk}: ${name}`);
    }
    const clientsText = named.length === 0 ? '' : `, { ${named.join(', ')} }`;
    edits.push(insertAt(app.file, point, `enforceCaps(${app.name}${clientsText});`));
    use(app.file, 'enforceCaps');
  } else if (terms.framework !== 'none' && mounted.length === 0) {
    byHand.push(
      'Write `enforceCaps(app, { anthropic })` behind authentication and before the routes: no ' +
        `place for it was found in an application of ${terms.framework}.`,
    );
  }
  if (terms.framework !== 'none' && app !== undefined) {
    for (const other of applicationsIn(code, terms.framework)) {
      const isApp = other.file === app.file && other.at === app.at;
      if (isApp || mounted.includes(other.file)) continue;
      const place = `${other.file.path}:${other.file.source.line(other.at)}`;
      byHand.push(`${place} makes another application: write \`enforceCaps\` there too.`);
    }
  }
  for (const client of open.filter((one) => !covered.has(one))) {
    const wrapped = wrapEdits(client);
    const isTaken = (one: LineEdit) => edits.some((other) => areOneLine(one, other));
    if (wrapped.some(isTaken)) {
      const line = client.file.source.line(client.call.from);
      byHand.push(
        `Wrap the client of ${client.file.path}:${line} in \`${GUARDS[client.sdk]}(...)\`.`,
      );
    } else edits.push(...wrapped);
    use(client.file, GUARDS[client.sdk]);
  }
  const imports = [...names].map(([file, used]) =>
    importEdit(file, [...used], { ...terms, edits }),
  );
  const all = [...imports, ...edits].sort(byPlace);
  const isDone = mounted.length > 0 || (clients.length > 0 && open.length === 0);
  return { edits: all, byHand, isDone };
}

/** The form that a file is written in; `fallback` where it takes from no module. */
export function dialectOf(file: CodeFile, fallback: Dialect): Dialect {
  if (/\.[cm]?tsx?$/.test(file.path)) return 'typescript';
  if (file.path.endsWith('.mjs')) return 'module';
  if (file.path.endsWith('.cjs')) return 'commonjs';
  if (firstImport(file) >= 0) return 'module';
  return file.calls.some(({ path }) => path === 'require') ? 'commonjs' : fallback;
}

function clientsOf(file: CodeFile): ClientMade[] {
  return file.calls.flatMap((call) => {
    const sdk = PACKAGES[clientOf(file, call)?.package ?? ''];
    if (sdk === undefined) return [];
    const binding = file.names.bindings.find(({ value }) => value.from === call.from);
    return [{ file, call, sdk, binding }];
  });
}

/** In the brackets of a guard, or named to one in its file or in the application's. */
function isGuarded({ file, call, binding }: ClientMade, mounted: readonly CodeFile[]): boolean {
  const guards = /^(wrap|guard)(Anthropic|OpenAI)$/;
  const named = (calls: readonly Call[], within: CodeFile, name: string): boolean =>
    calls.some(({ args }) =>
      args.some(({ from, to }) =>
        within.source.tokens.slice(from, to).some(({ text }) => text === name),
      ),
    );
  const guarding = file.calls.filter(({ path }) => guards.test(path));
  if (guarding.some(({ from, to }) => call.from > from && call.to <= to)) return true;
  if (named([call], file, 'guardedFetch')) return true;
  if (binding === undefined) return false;
  if (named(guarding, file, binding.name)) return true;
  return mounted.some((one) => {
    const name = nameIn(one, file, binding.name);
    const mounts = one.calls.filter(({ path }) => path === 'enforceCaps');
    return name !== undefined && named(mounts, one, name);
  });
}

/** One client of each SDK that can be named where the caps are mounted. */
function namedAt(
  { file }: AppFound,
  point: number,
  clients: readonly ClientMade[],
): readonly (readonly [Sdk, string, ClientMade])[] {
  const found = new Map<Sdk, readonly [Sdk, string, ClientMade]>();
  for (const client of clients) {
    const { binding, sdk } = client;
    if (binding === undefined || found.has(sdk)) continue;
    const isHere = client.file === file;
    const isSeen =
      binding.at < point && (binding.block < 0 || file.source.isWithin(point, binding.block));
    const isWhole = isHere || (binding.block < 0 && binding.isExported);
    const name = isWhole ? nameIn(file, client.file, binding.name) : undefined;
    if (name !== undefined && (!isHere || isSeen)) found.set(sdk, [sdk, name, client]);
  }
  return [...found.values()];
}

/** What a name of one file is called in another that imports it; itself in its own. */
function nameIn(file: CodeFile, from: CodeFile, name: string): string | undefined {
  if (file === from) return name;
  const bare = (path: string) => path.replace(/\.[cm]?[jt]sx?$/, '').replace(/\/index$/, '');
  const taken = file.names.imports.find((one) => {
    if (!one.module.startsWith('.') || one.name !== name || one.local === '') return false;
    return bare(posix.join(posix.dirname(file.path), one.module)) === bare(from.path);
  });
  return taken?.local;
}

/** `guardAnthropic(...)` around the construction: on its line, or on its first and its last. */
function wrapEdits({ file: { source, path }, call, sdk }: ClientMade): readonly LineEdit[] {
  const last = source.tokens[call.to - 1];
  const from = source.tokens[call.from]?.start ?? 0;
  const to = (last?.start ?? from) + (last?.text.length ?? 0);
  const lines = [...new Set([source.lineAt(from), source.lineAt(to - 1)])];
  return lines.map((line) => {
    const start = lineStart(source.text, line === source.lineAt(from) ? from : to - 1);
    const remove = lineText(source.text, start);
    let insert = remove;
    if (line === source.lineAt(to - 1)) {
      insert = `${insert.slice(0, to - start)})${insert.slice(to - start)}`;
    }
    if (line === source.lineAt(from)) {
      insert = `${insert.slice(0, from - start)}${GUARDS[sdk]}(${insert.slice(from - start)}`;
    }
    return { file: path, line, remove, insert, beside: remove };
  });
}

/** By file and line; what stands in one place stays in its order. */
function byPlace(one: LineEdit, other: LineEdit): number {
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.line - other.line;
}

/** Both replace the same line: only one of them can. */
function areOneLine(one: LineEdit, other: LineEdit): boolean {
  const isSame = one.file === other.file && one.line === other.line;
  return isSame && one.remove !== undefined && other.remove !== undefined;
}

function importEdit(
  file: CodeFile,
  names: readonly string[],
  { middleware, ending, edits }: EditTerms & { readonly edits: readonly LineEdit[] },
): LineEdit {
  const dialect = dialectOf(file, 'module');
  const module = specifier(file.path, middleware, { dialect, ending });
  const text = takes(names.join(', '), module, dialect);
  if (dialect !== 'commonjs') return { ...beforeOrAfterImports(file), insert: text };
  // `require` may stand anywhere: just before the line that needs it.
  const [user] = edits.filter((edit) => edit.file === file.path).sort((a, b) => a.line - b.line);
  const [indent = ''] = /^\s*/.exec(user?.insert ?? '') ?? [];
  const line = user?.line ?? 1;
  const beside = user?.beside ?? '';
  return { file: file.path, line, remove: undefined, insert: `${indent}${text}`, beside };
}

function specifier(
  from: string,
  middleware: string,
  { dialect, ending }: { readonly dialect: Dialect; readonly ending: EditTerms['ending'] },
): string {
  const path = posix.relative(dirname(from), middleware);
  const relative = path.startsWith('.') ? path : `./${path}`;
  if (dialect !== 'typescript') return relative;
  const written = /\.([cm]?)tsx?$/.exec(relative);
  if (written === null) return relative;
  const bare = relative.slice(0, written.index);
  if (ending === '.ts') return relative;
  return ending === '.js' || written[1] !== '' ? `${bare}.${written[1] ?? ''}js` : bare;
}

/** Behind the last import, unless something else begins on its last line. */
function beforeOrAfterImports({ source, path }: CodeFile): Omit<LineEdit, 'insert'> {
  const starts = source.tokens.flatMap((_, index) => (isImportAt(source, index) ? [index] : []));
  const last = starts.at(-1) ?? -1;
  const end = last < 0 ? -1 : importEnd(source, last);
  const [endLine, nextLine] = [source.line(end), source.line(end + 1)];
  const isFree = end >= 0 && (source.tokens[end + 1] === undefined || nextLine > endLine);
  const first = starts[0] ?? 0;
  const line = isFree ? endLine + 1 : source.line(first);
  const beside = source.text.split('\n')[line - 1] ?? '';
  return { file: path, line, remove: undefined, beside: beside.replace(/\r$/, '') };
}

function firstImport({ source }: CodeFile): number {
  return source.tokens.findIndex((_, index) => isImportAt(source, index));
}

function isImportAt(source: CodeFile['source'], index: number): boolean {
  const next = source.at(index + 1);
  const isTop = source.around[index] === -1 && source.at(index - 1) !== '.';
  return source.at(index) === 'import' && isTop && next !== '(' && next !== '.';
}

/** The last token of an import: its module, what it is imported with, its semicolon. */
function importEnd(source: CodeFile['source'], start: number): number {
  let end = source.tokens.findIndex(({ kind }, index) => index > start && kind === 'text');
  if (source.at(end + 1) === 'with') end = source.pair[end + 2] ?? end;
  return source.at(end + 1) === ';' ? end + 1 : end;
}

function insertAt({ source, path }: CodeFile, index: number, text: string): LineEdit {
  const line = source.line(index);
  const start = lineStart(source.text, source.tokens[index]?.start ?? 0);
  const beside = lineText(source.text, start);
  const [indent = ''] = /^[ \t]*/.exec(beside) ?? [];
  return { file: path, line, remove: undefined, insert: `${indent}${text}`, beside };
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function lineText(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

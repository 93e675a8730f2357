import type { CodeFile } from '../audit/read/code-file.ts';
import type { Call, Span } from '../audit/read/source.ts';
import type { Framework } from './middleware-text.ts';

/** An application that the code makes, by its name. */
export interface AppFound {
  readonly file: CodeFile;
  readonly name: string;
  readonly framework: Exclude<Framework, 'none'>;
  /** The index of its name where it is made. */
  readonly at: number;
}

type Known = Exclude<Framework, 'none'>;

/** The first application of a framework; one whose routes stand in the same file goes before. */
export function applicationIn(code: readonly CodeFile[], framework: Known): AppFound | undefined {
  const found = applicationsIn(code, framework);
  return found.find((app) => mountPoint(app) !== undefined) ?? found[0];
}

/** Every application of a framework, in the order of their files. */
export function applicationsIn(code: readonly CodeFile[], framework: Known): readonly AppFound[] {
  return code.flatMap((file) => applicationsOf(file, framework));
}

/**
 * The index of the first token of the first route behind authentication. `undefined`: the file
 * declares no such route at a line of its own.
 */
export function mountPoint(app: AppFound): number | undefined {
  const { file, at } = app;
  const calls = file.calls.filter((call) => call.from > at && startsLine(file, call.from));
  const known = calls.filter((call) => isAuthentication(app, call)).map(({ from }) => from);
  const behind = Math.max(at, ...known);
  const routes = calls.filter((call) => call.from > behind && isRoute(app, call));
  return routes.length === 0 ? undefined : Math.min(...routes.map(({ from }) => from));
}

function applicationsOf(file: CodeFile, framework: Known): AppFound[] {
  const made = file.names.bindings.flatMap(({ name, at, value }) => {
    const call = file.calls.find(({ from }) => from === value.from);
    return call !== undefined && makes(file, call, framework)
      ? [{ file, name, framework, at }]
      : [];
  });
  // `const app = require('fastify')()` reads as an import, whose name is then used as one.
  const required = file.names.imports.flatMap(({ module, local, at }) => {
    const isCalled = file.calls.some(({ path }) => path === local);
    const { source } = file;
    const isMade = source.at(at + 1) === '=' && source.at(at + 6) === '(';
    return module === framework && isMade && !isCalled
      ? [{ file, name: local, framework, at }]
      : [];
  });
  return [...made, ...required];
}

function makes(file: CodeFile, call: Call, framework: Known): boolean {
  const imported = file.importedName(call);
  if (imported?.module !== framework) return false;
  switch (framework) {
    case 'express':
      return !call.isNew && (imported.name === 'default' || imported.name === '*');
    case 'fastify':
      return !call.isNew && /^(default|\*|fastify)$/.test(imported.name);
    case 'hono':
      return call.isNew && imported.name === 'Hono';
  }
}

const VERBS = /^(get|post|put|patch|delete|all|options|head|route)$/;

function isRoute({ file, name, framework }: AppFound, { path, args }: Call): boolean {
  const member = memberOf(path, name);
  const [first] = args;
  if (member === undefined || first === undefined) return false;
  const token = file.source.tokens[first.from];
  const isPath = token?.kind === 'regex' || /^["'`][/*]/.test(token?.text ?? '');
  if (VERBS.test(member)) return isPath || (framework === 'fastify' && member === 'route');
  if (member !== 'use' && member !== 'register') return false;
  // What is mounted at a path, or is named after routes: a router, a plugin.
  const isMounted = member === 'use' && isPath && args.length > 1;
  return isMounted || args.some((arg) => /rout/i.test(textOf(file, arg)));
}

/** It finds out who is asking, by its name or by what it writes into the request. */
function isAuthentication({ file, name }: AppFound, { path, args }: Call): boolean {
  const member = memberOf(path, name);
  if (member !== 'use' && member !== 'addHook' && member !== 'register') return false;
  const texts = args.map((arg) => textOf(file, arg));
  // A router is none, whatever its routes are about: `app.use('/customers', customerRouter)`.
  const isRouter = args.length > 1 && /rout/i.test(texts.at(-1) ?? '');
  const text = texts.filter((one) => !/^["'`]/.test(one)).join(' ');
  return !isRouter && /auth|session|passport|jwt|clerk|\buser\b|currentUser|customer/i.test(text);
}

function memberOf(path: string, name: string): string | undefined {
  const [head, member, ...rest] = path.split('.');
  return head === name && rest.length === 0 ? member : undefined;
}

function textOf({ source }: CodeFile, { from, to }: Span): string {
  const tokens = source.tokens.slice(from, Math.min(to, from + TOKENS_READ_MAX));
  return tokens.map(({ text }) => text).join('');
}

/** How much of an argument is read for a word. */
const TOKENS_READ_MAX = 400;

/** A statement begins here, and its line: not the middle of a chain or of an expression. */
function startsLine({ source }: CodeFile, index: number): boolean {
  const before = source.tokens[index - 1];
  if (before === undefined) return true;
  if (source.line(index - 1) === source.line(index)) return false;
  return [';', '}', '{', ')', ']'].includes(before.text) || before.kind !== 'punct';
}

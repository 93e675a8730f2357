import type { Import, Source, Span } from './source.ts';
import { spoken } from './token.ts';

/** A name that is given a value: `const name = value`, `this.name = value`, `name: value`. */
export interface Binding {
  readonly name: string;
  /** The index of the name. */
  readonly at: number;
  readonly value: Span;
  /** It can be read where this bracket is around, -1 for the whole file. */
  readonly block: number;
  readonly isExported: boolean;
}

/** The names of a file: what it imports, and what it gives a value. */
export interface Names {
  readonly imports: readonly Import[];
  /** Modules that anything is taken from, types too. */
  readonly modules: ReadonlySet<string>;
  readonly bindings: readonly Binding[];
}

/** Finds the imports and bindings of a file: `import`, `require`, `const`, `let`, `var`. */
export function namesOf(source: Source): Names {
  const imports: Import[] = [];
  const bindings: Binding[] = [];
  const modules = new Set<string>();
  for (const [index, { kind, text }] of source.tokens.entries()) {
    if (kind !== 'name') continue;
    const isMember = source.at(index - 1) === '.' || source.at(index - 1) === '?.';
    if (isMember) continue;
    if (text === 'import') imports.push(...importsAt(source, index));
    if (text === 'export' && source.at(index + 1) === '{')
      imports.push(...exportsFrom(source, index));
    if (text === 'const' || text === 'let' || text === 'var') {
      declare(source, index, { imports, bindings });
    }
  }
  for (const { module } of imports) modules.add(module);
  for (const [index, token] of source.tokens.entries()) {
    const isFrom = source.at(index - 1) === 'from' || source.at(index - 1) === 'import';
    if (token.kind === 'text' && isFrom) modules.add(spoken(token) ?? '');
  }
  return { imports, bindings, modules };
}

/** The import that a name comes from, unless the file gives the name another meaning nearer by. */
export function importOf(
  { imports, bindings }: Pick<Names, 'imports' | 'bindings'>,
  source: Source,
  { name, at }: { readonly name: string; readonly at: number },
): Import | undefined {
  if (bindingOf({ bindings }, source, { name, at }) !== undefined) return undefined;
  return imports.find(({ local }) => local === name);
}

/** What a name is bound to at a token: the innermost counts, and of several the last before. */
export function bindingOf(
  { bindings }: Pick<Names, 'bindings'>,
  source: Source,
  { name, at }: { readonly name: string; readonly at: number },
): Binding | undefined {
  const seen = bindings.filter(
    (one) => one.name === name && (one.block < 0 || source.isWithin(at, one.block)),
  );
  const before = seen.filter((one) => one.at < at);
  return before.at(-1) ?? seen[0];
}

/** Where an expression that begins here ends: at a comma, a semicolon or the next statement. */
export function expressionEnd(source: Source, from: number): number {
  let at = from;
  for (;;) {
    const token = source.tokens[at];
    if (token === undefined) return at;
    const { text, kind } = token;
    if (kind === 'punct' && (text === ';' || text === ',')) return at;
    if (kind === 'punct' && [')', ']', '}'].includes(text)) return at;
    if (at > from && startsStatement(source, at)) return at;
    const close = '([{'.includes(text) || text.endsWith('${') ? (source.pair[at] ?? -1) : -1;
    // The parts of a template are a chain: each inset's end may open the next.
    at = close > at ? (source.at(close).endsWith('${') ? close : close + 1) : at + 1;
  }
}

/** Whether a new line begins here that the expression before cannot go on with. */
function startsStatement(source: Source, at: number): boolean {
  const before = source.tokens[at - 1];
  const here = source.tokens[at];
  if (before === undefined || here === undefined) return false;
  const gap = source.text.slice(before.start + before.text.length, here.start);
  if (!gap.includes('\n')) return false;
  const ends = before.kind !== 'punct' || [')', ']', '}', '!'].includes(before.text);
  if (!ends) return false;
  if (here.kind === 'name') return !/^(?:as|satisfies|instanceof|in|of)$/.test(here.text);
  return here.kind === 'punct' && (here.text === '@' || here.text === '}');
}

function importsAt(source: Source, at: number): Import[] {
  const next = source.tokens[at + 1];
  if (next === undefined) return [];
  if (next.text === '(') return [];
  if (next.kind === 'text') return [{ module: spoken(next) ?? '', name: '', local: '', at }];
  if (next.text === 'type' && source.at(at + 2) !== 'from' && source.at(at + 2) !== ',') return [];
  const end = source.tokens.findIndex((token, index) => index > at && token.kind === 'text');
  const from = source.tokens[end];
  if (from === undefined || source.at(end - 1) !== 'from') return [];
  const module = spoken(from) ?? '';
  const found: Import[] = [];
  let index = at + 1;
  if (source.tokens[index]?.kind === 'name') {
    found.push({ module, name: 'default', local: source.at(index), at: index });
    index += 1;
    if (source.at(index) === ',') index += 1;
  }
  if (source.at(index) === '*') {
    found.push({ module, name: '*', local: source.at(index + 2), at: index + 2 });
  }
  if (source.at(index) === '{') found.push(...named(source, index, module));
  return found;
}

/** `export { a } from 'module'`: what goes through a file is taken from there too. */
function exportsFrom(source: Source, at: number): Import[] {
  const close = source.pair[at + 1] ?? -1;
  const from = source.tokens[close + 2];
  if (close < 0 || source.at(close + 1) !== 'from' || from === undefined) return [];
  return named(source, at + 1, spoken(from) ?? '').map((one) => ({ ...one, local: '' }));
}

function named(source: Source, open: number, module: string): Import[] {
  return source.parts(open).flatMap(({ from, to }) => {
    if (source.at(from) === 'type' && to - from > 1) return [];
    return [{ module, name: source.at(from), local: source.at(to - 1), at: to - 1 }];
  });
}

/** `const x = value`, `const { a, b: c } = value`, each declarator of a list. */
function declare(
  source: Source,
  keyword: number,
  into: { readonly imports: Import[]; readonly bindings: Binding[] },
): void {
  const isExported = source.at(keyword - 1) === 'export';
  let at = keyword + 1;
  for (let count = 0; count < DECLARATORS_MAX; count += 1) {
    const isPattern = source.at(at) === '{' || source.at(at) === '[';
    const close = isPattern ? (source.pair[at] ?? -1) : at;
    if (close < 0) return;
    const equals = assignAfter(source, close + 1);
    if (equals === undefined) return;
    const value = { from: equals + 1, to: expressionEnd(source, equals + 1) };
    const module = requiredIn(source, value);
    if (module !== undefined) into.imports.push(...required(source, { at, isPattern, module }));
    else if (!isPattern) {
      const block = source.around[keyword] ?? -1;
      into.bindings.push({ name: source.at(at), at, value, block, isExported });
    }
    if (source.at(value.to) !== ',') return;
    at = value.to + 1;
  }
}

const DECLARATORS_MAX = 100;

/** The `=` of a declarator, behind its type. */
function assignAfter(source: Source, from: number): number | undefined {
  if (source.at(from) === '!') return assignAfter(source, from + 1);
  if (source.at(from) === '=') return from;
  if (source.at(from) !== ':') return undefined;
  for (let at = from + 1; at < from + TYPE_TOKENS_MAX; at += 1) {
    const text = source.at(at);
    if (text === '=') return at;
    if (text === ';' || text === '') return undefined;
    const close = '([{'.includes(text) ? (source.pair[at] ?? -1) : -1;
    if (close > at) at = close;
  }
  return undefined;
}

const TYPE_TOKENS_MAX = 200;

/** The module of `require('x')` and `await import('x')`, also where a member follows. */
function requiredIn(source: Source, { from }: Span): string | undefined {
  let at = from;
  while (['(', 'await'].includes(source.at(at))) at += 1;
  if (source.at(at) !== 'require' && source.at(at) !== 'import') return undefined;
  const text = source.at(at + 1) === '(' ? source.tokens[at + 2] : undefined;
  return text === undefined ? undefined : spoken(text);
}

function required(
  source: Source,
  {
    at,
    isPattern,
    module,
  }: { readonly at: number; readonly isPattern: boolean; readonly module: string },
): Import[] {
  if (!isPattern) return [{ module, name: 'default', local: source.at(at), at }];
  return source
    .parts(at)
    .map(({ from, to }) => ({ module, name: source.at(from), local: source.at(to - 1), at: from }));
}

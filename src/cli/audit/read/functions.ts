import { bindingOf, expressionEnd, type Names } from './names.ts';
import type { Source, Span } from './source.ts';

/** A function of a file, wherever it stands. */
export interface Func {
  /** Its own name or that of what it is given to; `undefined` for one without. */
  readonly name: string | undefined;
  readonly params: readonly Span[];
  /** Between its braces, or its one expression. */
  readonly body: Span;
  readonly hasBlock: boolean;
  /** Where it begins, with its parameters. */
  readonly from: number;
  readonly isExported: boolean;
}

/** Every function of the file, in the order of their parameters. */
export function functionsOf(source: Source, names: Names): readonly Func[] {
  return source.tokens.flatMap(({ kind, text }, index) => {
    if (kind !== 'punct') return [];
    if (text === '(') return withBrackets(source, names, index) ?? [];
    // In `(a): Type => ...` the name before the arrow is the return type.
    const isType =
      /^[.|&]$/.test(source.at(index - 2)) ||
      (source.at(index - 2) === ':' && source.at(index - 3) === ')');
    if (text === '=>' && source.tokens[index - 1]?.kind === 'name' && !isType) {
      return arrow(source, names, { from: index - 1, at: index });
    }
    return [];
  });
}

/** The innermost function around a token. */
export function functionAround(functions: readonly Func[], index: number): Func | undefined {
  return functions
    .filter(({ body }) => body.from <= index && index < body.to)
    .reduce<Func | undefined>(
      (inner, one) => (inner === undefined || one.body.from >= inner.body.from ? one : inner),
      undefined,
    );
}

function withBrackets(source: Source, names: Names, open: number): Func[] | undefined {
  const close = source.pair[open] ?? -1;
  if (close < 0) return undefined;
  const next = behindType(source, close + 1);
  if (source.at(next) === '=>') return arrow(source, names, { from: open, at: next });
  if (source.at(next) !== '{' || (source.pair[next] ?? -1) < 0) return undefined;
  const named = nameBefore(source, open);
  if (named === undefined) return undefined;
  const body = { from: next + 1, to: source.pair[next] ?? next + 1 };
  const declared = named.isDeclaration ? named.name : undefined;
  const name = named.name ?? givenName(source, names, named.from)?.name ?? declared;
  const isExported = /^(export|default)$/.test(source.at(beforeAsync(source, named.from)));
  return [{ name, params: source.parts(open), body, hasBlock: true, from: open, isExported }];
}

function arrow(
  source: Source,
  names: Names,
  { from, at }: { readonly from: number; readonly at: number },
): Func[] {
  const open = at + 1;
  const close = source.at(open) === '{' ? (source.pair[open] ?? -1) : -1;
  const hasBlock = close > 0;
  const body = hasBlock
    ? { from: open + 1, to: close }
    : { from: open, to: expressionEnd(source, open) };
  const params = source.at(from) === '(' ? source.parts(from) : [{ from, to: from + 1 }];
  const start = source.at(from - 1) === 'async' ? from - 1 : from;
  const given = givenName(source, names, start);
  return [
    { name: given?.name, params, body, hasBlock, from, isExported: given?.isExported ?? false },
  ];
}

/** `function name(`, `name(` of a method; `undefined` for what is no function. */
function nameBefore(
  source: Source,
  open: number,
):
  | { readonly name: string | undefined; readonly from: number; readonly isDeclaration: boolean }
  | undefined {
  let at = open - 1;
  if (source.at(at) === '>') at = beforeParameters(source, at);
  if (source.at(at) === 'function' || source.at(at) === '*')
    return { name: undefined, from: at, isDeclaration: false };
  const name = source.tokens[at];
  if (name?.kind !== 'name' && name?.kind !== 'text') return undefined;
  const before = source.at(at - 1) === '*' ? at - 2 : at - 1;
  if (source.at(before) === 'function')
    return { name: name.text, from: before, isDeclaration: true };
  if (CONTROL.has(name.text) || ['.', '?.', 'new'].includes(source.at(at - 1))) return undefined;
  return { name: name.text, from: at, isDeclaration: false };
}

/** Before the type parameters that end here: `<C extends Parameters<typeof f>[0]>`. */
function beforeParameters(source: Source, close: number): number {
  let depth = 0;
  for (let at = close; at > 0 && close - at < PARAMETERS_MAX; at -= 1) {
    if (source.at(at) === '>') depth += 1;
    if (source.at(at) === '<') depth -= 1;
    if (depth === 0) return at - 1;
  }
  return close;
}

const PARAMETERS_MAX = 60;
const CONTROL = new Set('catch for function if return switch while with'.split(' '));

function beforeAsync(source: Source, from: number): number {
  return source.at(from - 1) === 'async' ? from - 2 : from - 1;
}

/** The name of the constant or property that an expression is given to. */
function givenName(
  source: Source,
  names: Names,
  start: number,
): { readonly name: string; readonly isExported: boolean } | undefined {
  const binding = names.bindings.find(({ value }) => value.from === start);
  if (binding !== undefined) return { name: binding.name, isExported: binding.isExported };
  const before = source.at(start - 1);
  if (before !== '=' && before !== ':') return undefined;
  const name = source.tokens[start - 2];
  return name?.kind === 'name' ? { name: name.text, isExported: false } : undefined;
}

/** Behind a return type, if one stands here. */
function behindType(source: Source, from: number): number {
  if (source.at(from) !== ':') return from;
  for (let at = from + 1; at < from + TYPE_TOKENS_MAX; at += 1) {
    const text = source.at(at);
    if (text === '=>' || text === ';' || text === '' || text === '=' || text === ')') return at;
    if (text === '{') {
      if (!'<|&,:('.includes(source.at(at - 1))) return at;
      at = source.pair[at] ?? at;
    } else if (text === '(' || text === '[') {
      at = source.pair[at] ?? at;
      // A function type as the return type: its arrow is none of the function's own.
      if (text === '(' && source.at(at + 1) === '=>') at += 1;
    }
  }
  return from;
}

const TYPE_TOKENS_MAX = 200;

/** The function of this file that a name is called by. */
export function functionNamed(
  functions: readonly Func[],
  { name, at }: { readonly name: string; readonly at: number },
  { source, names }: { readonly source: Source; readonly names: Names },
): Func | undefined {
  const binding = bindingOf(names, source, { name, at });
  return functions.find(
    (one) =>
      one.name === name &&
      (binding === undefined || (binding.value.from <= one.from && one.from < binding.value.to)),
  );
}

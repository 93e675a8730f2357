import { bindingOf, type Names } from './names.ts';
import type { Source, Span } from './source.ts';

/** What cannot be read from the file alone. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/** A value as it stands in a file; parts that are computed are `UNKNOWN`. */
export type Value =
  | string
  | number
  | boolean
  | null
  | undefined
  | typeof UNKNOWN
  | readonly Value[]
  | { readonly [name: string]: Value };

/** How deep values and names are followed. */
const DEPTH_MAX = 12;

/** A file and its names. */
export interface Named {
  readonly source: Source;
  readonly names: Names;
}

/** The span without brackets and type assertions around it: `({ a: 1 } as const)` is `{ a: 1 }`. */
export function bare(source: Source, span: Span): Span {
  let { from, to } = span;
  for (let round = 0; round < DEPTH_MAX; round += 1) {
    const assertion = topLevel(
      source,
      { from, to },
      (text) => text === 'as' || text === 'satisfies',
    );
    if (assertion !== undefined && assertion > from) to = assertion;
    if (source.at(to - 1) === '!' && to - from > 1) to -= 1;
    else if (source.at(from) === 'await') from += 1;
    else if (source.at(from) === '(' && source.pair[from] === to - 1)
      [from, to] = [from + 1, to - 1];
    else if (assertion === undefined) break;
  }
  return { from, to };
}

/** Where the value of an object literal's property stands, or that it may come by a spread. */
export function propertyOf(source: Source, span: Span, name: string): Span | 'spread' | undefined {
  const { from, to } = bare(source, span);
  if (source.at(from) !== '{' || source.pair[from] !== to - 1) return undefined;
  let found: Span | 'spread' | undefined;
  for (const part of source.parts(from)) {
    if (source.at(part.from) === '...') found ??= 'spread';
    else if (keyOf(source, part) === name) found = valueSpan(source, part);
  }
  return found;
}

/** By what name a property goes; `undefined` for one that is computed. */
export function keyOf(source: Source, part: Span): string | undefined {
  const text = source.said({ from: part.from, to: part.from + 1 });
  if (text !== undefined) return text;
  const token = source.tokens[part.from];
  if (token?.kind === 'name' || token?.kind === 'number') return token.text;
  return undefined;
}

/** The object literal that a span is or names; `undefined` where it is something else. */
export function objectOf({ source, names }: Named, span: Span): Span | undefined {
  let { from, to } = bare(source, span);
  for (let round = 0; round < DEPTH_MAX; round += 1) {
    if (source.at(from) === '{' && source.pair[from] === to - 1) return { from, to };
    if (to - from !== 1 || source.tokens[from]?.kind !== 'name') return undefined;
    const binding = bindingOf(names, source, { name: source.at(from), at: from });
    if (binding === undefined || binding.value.from === from) return undefined;
    ({ from, to } = bare(source, binding.value));
  }
  return undefined;
}

/** Reads a literal; names of constants of the file are followed, everything else is `UNKNOWN`. */
export function valueOf(named: Named, span: Span, depth = 0): Value {
  const { source, names } = named;
  const { from, to } = bare(source, span);
  const first = source.tokens[from];
  if (first === undefined || to <= from || depth > DEPTH_MAX) return UNKNOWN;
  const isOne = to - from === 1;
  const text = source.said({ from, to });
  if (text !== undefined) return text;
  if (isOne && first.kind === 'number') return numberOf(first.text);
  if (first.text === '-' && to - from === 2) return -numberOf(source.at(from + 1));
  if (isOne && Object.hasOwn(WORDS, first.text)) return WORDS[first.text];
  if (first.text === '{' && source.pair[from] === to - 1) return objectValue(named, from, depth);
  if (first.text === '[' && source.pair[from] === to - 1) {
    return source
      .parts(from)
      .map((part) => (source.at(part.from) === '...' ? UNKNOWN : valueOf(named, part, depth + 1)));
  }
  const otherwise = topLevel(source, { from, to }, (one) => one === '??' || one === '||');
  if (otherwise !== undefined) return valueOf(named, { from: otherwise + 1, to }, depth + 1);
  if (!isOne || first.kind !== 'name') return UNKNOWN;
  const binding = bindingOf(names, source, { name: first.text, at: from });
  if (binding === undefined || binding.value.from === from) return UNKNOWN;
  return valueOf(named, binding.value, depth + 1);
}

const WORDS: Readonly<Record<string, Value>> = {
  true: true,
  false: false,
  null: null,
  undefined,
};

function objectValue(named: Named, open: number, depth: number): Value {
  const { source } = named;
  const read: Record<string, Value> = {};
  for (const part of source.parts(open)) {
    const key = source.at(part.from) === '...' ? undefined : keyOf(source, part);
    // A spread or a computed key may be anything: the object as a whole is not known.
    if (key === undefined) return UNKNOWN;
    read[key] = valueOf(named, valueSpan(source, part), depth + 1);
  }
  return read;
}

/** `key: value` and `key` alone. */
function valueSpan(source: Source, { from, to }: Span): Span {
  return source.at(from + 1) === ':' ? { from: from + 2, to } : { from, to: from + 1 };
}

function numberOf(text: string): number {
  return Number(text.replaceAll('_', '').replace(/n$/, ''));
}

/** The first token of the span's own level that the question is true of. */
export function topLevel(
  source: Source,
  { from, to }: Span,
  question: (text: string) => boolean,
): number | undefined {
  for (let at = from; at < to; at += 1) {
    const token = source.tokens[at];
    if (token !== undefined && token.kind !== 'text' && question(token.text)) return at;
    const close = source.pair[at] ?? -1;
    if (close > at) at = close - (source.at(close).endsWith('${') ? 1 : 0);
  }
  return undefined;
}

/** Whether every part of a value is known. */
export function isKnown(value: Value): boolean {
  const waiting: Value[] = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (one === UNKNOWN) return false;
    if (typeof one === 'object' && one !== null) waiting.push(...Object.values(one));
  }
  return true;
}

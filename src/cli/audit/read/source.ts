import { spoken, type Remark, type Token, type Tokens } from './token.ts';

/** Tokens of a file from one to before another, by their index. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A call or a construction: `client.chat.completions.create(...)`, `new OpenAI(...)`. */
export interface Call extends Span {
  /** What is called, without its arguments: `client.messages.create`, `().images`. */
  readonly path: string;
  readonly isNew: boolean;
  /** The index of the opening bracket; `to` is behind the closing one. */
  readonly open: number;
  readonly args: readonly Span[];
}

/** One name that a file takes from a module. */
export interface Import {
  readonly module: string;
  /** The name that it has there: `default`, `*` for all, empty where nothing is taken. */
  readonly name: string;
  /** The name that it has here. */
  readonly local: string;
  readonly at: number;
}

const OPENING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * A JavaScript or TypeScript file as pairs of brackets, names and calls. It knows no types and no
 * other file.
 */
export class Source {
  readonly path: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly remarks: readonly Remark[];
  /** For a bracket the index of its partner, otherwise -1. */
  readonly pair: Int32Array;
  /** For each token the index of the innermost bracket around it, or -1. */
  readonly around: Int32Array;
  readonly #lineStarts: readonly number[];
  #calls: readonly Call[] | undefined;

  constructor(path: string, text: string, { tokens, remarks }: Tokens) {
    this.path = path;
    this.text = text;
    this.tokens = tokens;
    this.remarks = remarks;
    this.pair = new Int32Array(tokens.length).fill(-1);
    this.around = new Int32Array(tokens.length).fill(-1);
    this.#pairBrackets();
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** The text of one token; empty outside of the file. */
  at(index: number): string {
    return this.tokens[index]?.text ?? '';
  }

  /** The line of an offset in the text, from 1. */
  lineAt(offset: number): number {
    let [low, high] = [0, this.#lineStarts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** The line of a token, from 1. */
  line(index: number): number {
    return this.lineAt(this.tokens[index]?.start ?? 0);
  }

  /** Every call and construction, in the order of their opening brackets. */
  get calls(): readonly Call[] {
    this.#calls ??= this.tokens.flatMap(({ text, kind }, index) => {
      const call = text === '(' && kind === 'punct' ? this.#callAt(index) : undefined;
      return call === undefined ? this.#bareNew(index) : [call];
    });
    return this.#calls;
  }

  /** The parts of a list between brackets: arguments, elements, properties. */
  parts(open: number): readonly Span[] {
    const close = this.pair[open] ?? -1;
    if (close < 0) return [];
    const parts: Span[] = [];
    let from = open + 1;
    for (let index = from; index <= close; index = this.#after(index)) {
      if (index < close && this.at(index) !== ',') continue;
      if (index > from) parts.push({ from, to: index });
      from = index + 1;
    }
    return parts;
  }

  /** What a text says where the span is nothing but one text. */
  said({ from, to }: Span): string | undefined {
    const token = this.tokens[from];
    if (token === undefined || to - from !== 1 || token.text.endsWith('${')) return undefined;
    return spoken(token);
  }

  /** Whether the span lies within a pair of brackets that begins with this token. */
  isWithin(index: number, open: number): boolean {
    return index > open && index < (this.pair[open] ?? -1);
  }

  /** The next token on the same level: behind the brackets that open here. */
  #after(index: number): number {
    const close = OPENING[this.at(index)] === undefined ? -1 : (this.pair[index] ?? -1);
    return (close > index ? close : index) + 1;
  }

  #pairBrackets(): void {
    const open: { readonly index: number; readonly close: string }[] = [];
    for (const [index, { kind, text }] of this.tokens.entries()) {
      const isInset = kind === 'template' && text.startsWith('}');
      const top = open.at(-1);
      if (
        top !== undefined &&
        (isInset ? top.close === '${' : kind === 'punct' && text === top.close)
      ) {
        this.pair[index] = top.index;
        this.pair[top.index] = index;
        open.pop();
      }
      this.around[index] = open.at(-1)?.index ?? -1;
      if (kind === 'template' && text.endsWith('${')) open.push({ index, close: '${' });
      const close = kind === 'punct' ? OPENING[text] : undefined;
      if (close !== undefined) open.push({ index, close });
    }
  }

  #callAt(open: number): Call | undefined {
    const close = this.pair[open] ?? -1;
    const start = close < 0 ? undefined : this.#calleeBefore(open);
    if (start === undefined) return undefined;
    const isNew = this.at(start.from - 1) === 'new';
    const from = isNew ? start.from - 1 : start.from;
    return { path: start.path, isNew, from, to: close + 1, open, args: this.parts(open) };
  }

  /** `new OpenAI` without brackets. */
  #bareNew(index: number): Call[] {
    if (this.at(index) !== 'new' || this.tokens[index + 1]?.kind !== 'name') return [];
    let end = index + 2;
    while (this.at(end) === '.' && this.tokens[end + 1]?.kind === 'name') end += 2;
    if (['(', '<'].includes(this.at(end))) return [];
    const path = this.tokens
      .slice(index + 1, end)
      .map(({ text }) => text)
      .join('');
    return [{ path, isNew: true, from: index, to: end, open: -1, args: [] }];
  }

  /** Walks back from an opening bracket over what is called. */
  #calleeBefore(open: number): { readonly from: number; readonly path: string } | undefined {
    let at = this.at(open - 1) === '>' ? this.#beforeTypeArguments(open - 1) : open - 1;
    if (this.at(at) === '?.') at -= 1;
    const names: string[] = [];
    for (;;) {
      if (this.at(at) === '!') at -= 1;
      const token = this.tokens[at];
      if (token === undefined) return undefined;
      if (token.kind === 'name') names.unshift(token.text);
      else if ((token.text === ')' || token.text === ']') && (this.pair[at] ?? -1) >= 0) {
        at = this.pair[at] ?? at;
        const before = this.tokens[at - 1];
        const isPart = before?.kind === 'name' || before?.text === ')' || before?.text === ']';
        names.unshift(token.text === ')' ? '()' : '[]');
        if (isPart && !CONTROL.has(before.text)) {
          at -= 1;
          continue;
        }
      } else return undefined;
      if (this.at(at - 1) !== '.' && this.at(at - 1) !== '?.') break;
      at -= 2;
    }
    const path = names.join('.');
    return CONTROL.has(path) ? undefined : { from: at, path };
  }

  #beforeTypeArguments(close: number): number {
    let depth = 0;
    for (let at = close; at > close - TYPE_TOKENS_MAX && at > 0; at -= 1) {
      if (this.at(at) === '>') depth += 1;
      if (this.at(at) === '<') depth -= 1;
      if (depth === 0) return at - 1;
    }
    return close;
  }
}

/** How many tokens of type arguments are looked over. */
const TYPE_TOKENS_MAX = 60;

const CONTROL = new Set('catch for function if return switch typeof while with await'.split(' '));

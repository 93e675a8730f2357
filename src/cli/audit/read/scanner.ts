import type { Remark, Token, TokenKind, Tokens } from './token.ts';

/**
 * The tokens of a JavaScript or TypeScript file, found without a parser: for projects in which no
 * TypeScript is installed.
 *
 * Regular expressions are told from divisions by what stands before them. A quotation mark that is
 * not closed on its line (text between JSX tags) stands for itself, so that one file of any kind
 * is read to its end.
 */
export function scanTokens(text: string): Tokens {
  return new Scanner(text).run();
}

/** Words after which an expression begins. */
const BEFORE_EXPRESSION = new Set(
  'await case delete do else extends in instanceof new of return throw typeof void yield'.split(
    ' ',
  ),
);

const BEFORE_CONDITION = new Set(['for', 'if', 'while', 'with']);

const SPACE = /[\s\u200b\ufeff]+/y;
const NAME = /[#@]?[\p{ID_Start}$_](?:[\p{ID_Continue}$\u200c\u200d]|\\u[\da-f]{4})*/uy;
const NUMBER = /(?:0[xob][\da-f_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?[\d_]+)?n?)/iy;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[\p{ID_Continue}]*/uy;
const PUNCT =
  /\.\.\.|=>|[=!]==?|\*\*=?|\+\+|--|(?:&&|\|\||\?\?)=?|\?\.(?!\d)|<<=?|>{1,3}=|[-+*/%&|^<]=|[^\s]/y;

interface Bracket {
  readonly open: string;
  /** After its end an expression may begin: a condition's `)`, a block's `}`. */
  readonly isBeforeExpression: boolean;
}

class Scanner {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  readonly #remarks: Remark[] = [];
  readonly #open: Bracket[] = [];
  #at = 0;
  #mayBeRegex = true;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Tokens {
    if (this.#text.startsWith('#!')) this.#at = this.#lineEnd();
    while (this.#at < this.#text.length) {
      if (!this.#skip()) this.#next();
    }
    return { tokens: this.#tokens, remarks: this.#remarks };
  }

  /** White space and comments. */
  #skip(): boolean {
    const start = this.#at;
    if (this.#match(SPACE) !== undefined) return true;
    const two = this.#text.slice(start, start + 2);
    if (two !== '//' && two !== '/*') return false;
    const close = two === '//' ? this.#lineEnd() : this.#text.indexOf('*/', start + 2) + 2;
    this.#at = close < start + 2 ? this.#text.length : close;
    this.#remarks.push({ text: this.#text.slice(start, this.#at), start });
    return true;
  }

  #next(): void {
    const char = this.#text[this.#at] ?? '';
    if (char === '"' || char === "'") this.#quoted(char);
    else if (char === '`') this.#template();
    else if (char === '}' && this.#open.at(-1)?.open === '${') this.#template();
    else if (char === '/' && this.#mayBeRegex && this.#take('regex', REGEX)) return;
    else if (char === '@') this.#take('punct', PUNCT);
    else if (this.#take('name', NAME)) this.#mayBeRegex = BEFORE_EXPRESSION.has(this.#last());
    else if (/[\d.]/.test(char) && this.#takeNumber()) return;
    else this.#punct();
  }

  #quoted(quote: string): void {
    const found = quote === '"' ? /"(?:\\[^]|[^"\\\n])*"/y : /'(?:\\[^]|[^'\\\n])*'/y;
    if (!this.#take('text', found)) this.#take('punct', PUNCT);
  }

  /** From a backtick, or from the `}` of an inset, to the next inset or the end. */
  #template(): void {
    const isFirst = this.#text[this.#at] === '`';
    if (!isFirst) this.#open.pop();
    const found = /[`}](?:\\[^]|\$(?!\{)|[^`\\$])*(`|\$\{|$)/y;
    this.#take('template', found);
    const isInset = this.#last().endsWith('${');
    if (isInset) this.#open.push({ open: '${', isBeforeExpression: false });
    this.#mayBeRegex = isInset;
  }

  #takeNumber(): boolean {
    const isNumber = /^\.?\d/.test(this.#text.slice(this.#at, this.#at + 2));
    return isNumber && this.#take('number', NUMBER);
  }

  #punct(): void {
    const before = this.#tokens.at(-1);
    const beforeThat = this.#tokens.at(-2);
    this.#take('punct', PUNCT);
    const text = this.#last();
    this.#mayBeRegex = !(text === ')' || text === ']' || text === '}');
    if (text === '++' || text === '--') this.#mayBeRegex = !endsValue(before);
    if (text === '(') {
      const isCondition = before?.kind === 'name' && BEFORE_CONDITION.has(before.text);
      const isMember = beforeThat?.text === '.' || beforeThat?.text === '?.';
      this.#open.push({ open: '(', isBeforeExpression: isCondition && !isMember });
    } else if (text === '{') {
      this.#open.push({ open: '{', isBeforeExpression: beginsBlock(before) });
    } else if (text === '[') {
      this.#open.push({ open: '[', isBeforeExpression: false });
    } else if (text === ')' || text === ']' || text === '}') {
      this.#mayBeRegex = this.#open.pop()?.isBeforeExpression ?? false;
    }
  }

  #take(kind: TokenKind, pattern: RegExp): boolean {
    const start = this.#at;
    const text = this.#match(pattern);
    if (text === undefined) return false;
    this.#tokens.push({ kind, text, start });
    this.#mayBeRegex = false;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0];
    if (text === undefined || text === '') return undefined;
    this.#at += text.length;
    return text;
  }

  #last(): string {
    return this.#tokens.at(-1)?.text ?? '';
  }

  #lineEnd(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }
}

function endsValue(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'punct') return token.text === ')' || token.text === ']';
  return token.kind !== 'name' || !BEFORE_EXPRESSION.has(token.text);
}

/** Whether a `{` after this token opens a block; otherwise an object or a pattern. */
function beginsBlock(token: Token | undefined): boolean {
  if (token === undefined) return true;
  if (token.kind === 'punct') return [')', ';', '{', '}', '=>'].includes(token.text);
  if (token.kind !== 'name') return false;
  return !BEFORE_EXPRESSION.has(token.text) || token.text === 'else' || token.text === 'do';
}

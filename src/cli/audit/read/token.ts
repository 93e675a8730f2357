/** What kind of thing a token is. */
export type TokenKind = 'name' | 'text' | 'template' | 'number' | 'regex' | 'punct';

/** One token of a JavaScript or TypeScript file; comments and white space are none. */
export interface Token {
  readonly kind: TokenKind;
  /** As it stands in the file; parts of a template with their backtick, `${` and `}`. */
  readonly text: string;
  /** Where it begins, in UTF-16 units from the start of the file. */
  readonly start: number;
}

/** A comment that means something to a tool: `eslint-disable-next-line ...`. */
export interface Remark {
  readonly text: string;
  readonly start: number;
}

/** A file in tokens. */
export interface Tokens {
  readonly tokens: readonly Token[];
  readonly remarks: readonly Remark[];
}

/** What a text or the first part of a template says, with its escapes resolved. */
export function spoken({ kind, text }: Token): string | undefined {
  if (kind !== 'text' && kind !== 'template') return undefined;
  const isOpen = text.endsWith('${');
  const inner = text.slice(1, isOpen ? -2 : -1);
  return inner.replace(/\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|(.))/gis, unescaped);
}

const SHORT: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' };

function unescaped(_: string, long?: string, four?: string, two?: string, one = ''): string {
  const code = long ?? four ?? two;
  if (code === undefined) return SHORT[one] ?? one;
  const point = Number.parseInt(code, 16);
  return point <= 0x10_ff_ff ? String.fromCodePoint(point) : '';
}

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scanTokens } from './scanner.ts';
import { spoken, type Token } from './token.ts';
import { typescriptReader } from './typescript-tokens.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const reader = typescriptReader(ROOT);

const texts = (text: string) => scanTokens(text).tokens.map((token) => token.text);
/** The first token that differs, as text; `undefined`: none does. */
function difference(left: readonly Token[], right: readonly Token[]): string | undefined {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one, other] = [left[index], right[index]].map(shown);
    if (one !== other) return `token ${index}: ${one} and ${other}`;
  }
  return undefined;
}

const shown = (token: Token | undefined): string =>
  token === undefined ? 'nothing' : `${token.start} ${token.kind} ${token.text}`;

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => join(folder, path))
    .sort();
}

describe('the own scanner', () => {
  const files = ['src', 'packages/eslint-plugin/corpus'].flatMap(sources);

  it('finds the tokens that the TypeScript compiler finds, in every source here', () => {
    if (reader === undefined) throw new Error('TypeScript is not installed here');
    expect(files.length).toBeGreaterThan(200);
    let count = 0;
    for (const path of files) {
      const text = readFileSync(join(ROOT, path), 'utf8');
      const tokens = scanTokens(text).tokens;
      count += tokens.length;
      expect(difference(tokens, reader.read(path, text).tokens), path).toBeUndefined();
    }
    console.log(`${files.length} files, ${count} tokens`);
  }, 120_000);

  it('tells a regular expression from a division', () => {
    expect(texts('a = b / c / d')).toEqual(['a', '=', 'b', '/', 'c', '/', 'd']);
    expect(texts('if (a) /b/.test(c)')).toContain('/b/');
    expect(texts('return /[/"]/g')).toEqual(['return', '/[/"]/g']);
    expect(texts('f(a) / 2 / b')).not.toContain('/ 2 /');
    expect(texts('if (a) { b }\n/x/.test(y)')).toContain('/x/');
  });

  it('leaves comments out and keeps them as remarks', () => {
    const { tokens, remarks } = scanTokens("a // new OpenAI('x')\n/* fetch( */ b");
    expect(tokens.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(remarks.map(({ text }) => text)).toEqual(["// new OpenAI('x')", '/* fetch( */']);
  });

  it('reads templates within templates', () => {
    expect(texts('`a${b + `c${d}`}e`;f')).toEqual([
      '`a${',
      'b',
      '+',
      '`c${',
      'd',
      '}`',
      '}e`',
      ';',
      'f',
    ]);
  });

  it('goes on after an apostrophe between JSX tags', () => {
    expect(texts("<p>Don't</p>\nnew OpenAI()").slice(-4)).toEqual(['new', 'OpenAI', '(', ')']);
  });

  it('ends on any input', () => {
    for (const text of ['`', '"', "'", '/*', '${', '`${', '\\', '\u0000', '/[', '#', '@', '..']) {
      expect(() => scanTokens(text), JSON.stringify(text)).not.toThrow();
    }
  });

  it('says what a text says', () => {
    const [token] = scanTokens(String.raw`'https:\u002f\x2f\'a\''`).tokens;
    expect(token && spoken(token)).toBe("https://'a'");
  });
});

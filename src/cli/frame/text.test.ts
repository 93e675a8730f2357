import { describe, expect, it } from 'vitest';
import { paintOf } from './paint.ts';
import { printable, printableJson, tableOf, wrapped } from './text.ts';

const paint = paintOf({ env: {}, isTerminal: false });
const colour = paintOf({ env: {}, isTerminal: true });
// oxlint-disable-next-line no-control-regex
const bare = (text: string): string => text.replaceAll(/\u001b\[\d+m/g, '');

describe('text from outside', () => {
  it('cannot move the cursor, colour the screen or turn the direction of writing', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed\u009b')).toBe('a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{9b}');
    const table = tableOf([{ title: 'scope' }], [['\u001b[31mred']], { paint });
    expect(table).toBe('scope\n\\u{1b}[31mred');
  });

  it.each([
    ['a space of no width', 'ac\u200bme', 'ac\\u{200b}me'],
    ['a byte order mark', '\ufeffacme', '\\u{feff}acme'],
    ['a joiner', 'ac\u2060me', 'ac\\u{2060}me'],
    ['a soft hyphen', 'ac\u00adme', 'ac\\u{ad}me'],
    ['a filler', 'acme\u3164', 'acme\\u{3164}'],
    ['a tag', 'acme\u{e0061}', 'acme\\u{e0061}'],
    ['a space that is none', 'a\u00a0b', 'a\\u{a0}b'],
    ['half a character', 'acme\ud800', 'acme\\u{d800}'],
  ])('that looks like another is told from it: %s', (_name, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('of any script stands as it is', () => {
    const text = 'Müller 株式会社 שלום 🚀 a b';
    expect(printable(text)).toBe(text);
  });

  it('is the same value in JSON, and obeyed by no terminal', () => {
    const value = { scope: 'a\u001b[2J\u009b2J\u202e\u200b\u{e0061}"\n\\', list: [1] };
    const json = printableJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).toMatch(/^[\n -~]*$/);
  });
});

describe('a table', () => {
  const columns = [{ title: 'scope' }, { title: 'spent', isNumber: true }] as const;

  it('puts texts to the left and numbers to the right', () => {
    const rows = [
      ['global', '$0.05'],
      ['customer:acme', '$12.00'],
    ];
    expect(tableOf(columns, rows, { paint })).toBe(
      ['scope           spent', 'global          $0.05', 'customer:acme  $12.00'].join('\n'),
    );
  });

  it('has the same columns in colour', () => {
    const rows = [[{ text: 'global', paint: colour.red }, '$0.05']];
    const plain = tableOf(columns, [['global', '$0.05']], { paint });
    const coloured = tableOf(columns, rows, { paint: colour });
    expect(coloured).not.toBe(plain);
    expect(bare(coloured)).toBe(plain);
  });
});

describe('wrapping', () => {
  it('breaks between words, keeps long ones whole, and indents what follows', () => {
    expect(wrapped('one two three four', 9)).toBe('one two\nthree\nfour');
    expect(wrapped('one two', 6, '  ')).toBe('one\n  two');
    expect(wrapped('unbreakable it is', 5)).toBe('unbreakable\nit is');
  });
});

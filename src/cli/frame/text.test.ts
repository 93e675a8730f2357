import { describe, expect, it } from 'vitest';
import { paintOf } from './paint.ts';
import { printable, tableOf, wrapped } from './text.ts';

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

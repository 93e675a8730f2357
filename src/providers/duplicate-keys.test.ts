import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasDuplicateKeys } from './duplicate-keys.ts';

const found = (wire: string) => hasDuplicateKeys(wire, JSON.parse(wire) as object);

/** A tree as text in which we decide ourselves whether a key is repeated. */
type Tree = string | readonly Tree[] | { readonly fields: readonly (readonly [string, Tree])[] };

function written(tree: Tree, space: string): string {
  if (typeof tree === 'string') return JSON.stringify(tree);
  if ('fields' in tree) {
    const rows = tree.fields.map(
      ([key, value]) => `${JSON.stringify(key)}${space}:${space}${written(value, space)}`,
    );
    return `{${rows.join(`${space},`)}}`;
  }
  return `[${tree.map((item) => written(item, space)).join(`,${space}`)}]`;
}

function repeats(tree: Tree): boolean {
  if (typeof tree === 'string') return false;
  if (!('fields' in tree)) return tree.some(repeats);
  const names = tree.fields.map(([key]) => key);
  return new Set(names).size < names.length || tree.fields.some(([, value]) => repeats(value));
}

const word = fc.oneof(
  fc.constantFrom('a', 'b', '"', '\\', '\\"', '":', '":"', ':', ' : ', '\n', '__proto__', '0', ''),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.array(fc.tuple(word, tie('tree')), { maxLength: 4 }).map((fields): Tree => ({ fields })),
  ),
}));

describe('hasDuplicateKeys', () => {
  it.each([
    '{"max_tokens":64000,"model":"m","max_tokens":1}',
    '{"max_tokens":64000,"max\\u005ftokens":1}',
    '{"messages":[{"role":"user","content":"long","content":"x"}]}',
    '{"a":{"b":{"c":1}},"a":1}',
    '{"a" \n\t\r : 1, "a": 2}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
    '{"1":1,"1":1}',
    '[[[{"a":[]},{"a":{},"a":{}}]]]',
    '{"a\\\\":1,"a\\\\":2}',
    '{"\\"":1,"\\"":2}',
  ])('finds the key that stands twice in %s', (wire) => {
    expect(found(wire)).toBe(true);
  });

  it.each([
    '{}',
    '[]',
    '{"a":{"a":[{"a":1},{"a":1}]}}',
    '{"a":"\\"a\\":1","b":"\\\\"}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"a","b":["a","a"]}',
    '{"__proto__":1,"constructor":2}',
    '{"a":"\\\\\\\\","A":":"}',
    '{"a":": x","b":[" :",":"]}',
  ])('finds none in %s', (wire) => {
    expect(found(wire)).toBe(false);
  });

  it('agrees with the tree that a text was written from', () => {
    fc.assert(
      fc.property(tree, fc.constantFrom('', ' ', '\n\t'), (given, space) => {
        fc.pre(typeof given !== 'string');
        expect(found(written(given, space))).toBe(repeats(given));
      }),
      { numRuns: 2000 },
    );
  });

  it('is linear: escapes, quotes, white space and depth do not add up', () => {
    const many = 100_000;
    const wires = [
      `{"a":"${'\\\\'.repeat(many)}"}`,
      `{"a":"${'\\"'.repeat(many)}"}`,
      `{"a"${' '.repeat(many)}:1}`,
      `{"a":"${' :'.repeat(many)}"}`,
      `{"a":"${' '.repeat(many)}"}`,
      `[":",${'"a" ,'.repeat(many)}1]`,
      `${'['.repeat(many)}${']'.repeat(many)}`,
      `${'{"a":'.repeat(many)}1${'}'.repeat(many)}`,
    ];
    for (const wire of wires) {
      const start = performance.now();
      const parsed = JSON.parse(wire) as object;
      const between = performance.now();
      expect(hasDuplicateKeys(wire, parsed)).toBe(false);
      expect(performance.now() - between).toBeLessThan(200 + 30 * (between - start));
    }
  });
});

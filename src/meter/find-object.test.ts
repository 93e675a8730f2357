import { describe, expect, it } from 'vitest';
import { hasObject } from './find-object.ts';

describe('hasObject', () => {
  const isA = ({ type }: { readonly [key: string]: unknown }) => type === 'a';

  it('finds an object anywhere in a tree, itself included', () => {
    expect(hasObject({ type: 'a' }, isA)).toBe(true);
    expect(hasObject([{ b: [1, null, { c: { type: 'a' } }] }], isA)).toBe(true);
    expect(hasObject({ type: 'b', text: '{"type":"a"}', list: ['a'] }, isA)).toBe(false);
    for (const leaf of [null, undefined, 'a', 7]) expect(hasObject(leaf, () => true)).toBe(false);
  });

  it('walks a hundred thousand levels without recursion', () => {
    let tree: unknown = { type: 'a' };
    for (let depth = 0; depth < 100_000; depth += 1) tree = [tree];
    expect(hasObject(tree, isA)).toBe(true);
  });
});

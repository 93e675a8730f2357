import type { Fields } from './figures.ts';

/**
 * Whether any object or array in the tree, itself included, passes the test. Walks without
 * recursion, so that depth costs no stack; the tree has no cycles, since it came as JSON.
 */
export function hasObject(tree: unknown, test: (object: Fields) => boolean): boolean {
  const open: object[] = isObject(tree) ? [tree] : [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (test(next as Fields)) return true;
    for (const value of Object.values(next) as unknown[]) if (isObject(value)) open.push(value);
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

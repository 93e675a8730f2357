import { describe, expect, it } from 'vitest';
import { epochMs } from '../../units/time.ts';
import { Children, CHILDREN_KEPT_MAX, PARENTS_KEPT_MAX } from './children.ts';

const at = (ms: number) => epochMs(ms)!;

describe('the children of a parent', () => {
  it('are counted once each, under their own parent, until they leave', () => {
    const children = new Children();
    children.add('p', 'a', at(100));
    children.add('p', 'b', at(200));
    children.add('p', 'a', at(300));
    children.add('q', 'a', null);
    expect(children.countAt('p', at(99))).toBe(2);
    expect(children.roomAt('p')).toBe(200);
    expect(children.has('p', 'b', at(199))).toBe(true);
    expect(children.has('p', 'b', at(200))).toBe(false);
    expect(children.countAt('p', at(200))).toBe(1);
    expect(children.countAt('q', at(8e15))).toBe(1);
    expect(children.roomAt('q')).toBeNull();
  });

  it('a child is kept until the later instant, whatever comes last', () => {
    const children = new Children();
    children.add('p', 'a', at(200));
    children.add('p', 'a', at(100));
    expect(children.has('p', 'a', at(150))).toBe(true);
  });

  it('whole families are forgotten past the most that is kept, the oldest first', () => {
    const children = new Children();
    const each = 1_000;
    for (let index = 0; index < CHILDREN_KEPT_MAX + each; index += 1) {
      children.add(`p${Math.floor(index / each)}`, String(index), null);
    }
    expect(children.countAt('p0', at(0))).toBe(0);
    expect(children.countAt('p1', at(0))).toBe(each);
    const parents = new Children();
    for (let index = 0; index <= PARENTS_KEPT_MAX; index += 1) parents.add(`${index}`, 'a', null);
    expect(parents.countAt('0', at(0))).toBe(0);
    expect(parents.countAt('1', at(0))).toBe(1);
  });
});

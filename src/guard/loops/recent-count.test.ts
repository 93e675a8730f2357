import { describe, expect, it } from 'vitest';
import { epochMs } from '../../units/time.ts';
import { RecentCount } from './recent-count.ts';

const at = (ms: number) => epochMs(ms)!;

describe('a recent count', () => {
  it('counts each time until its own instant, and says when there is room', () => {
    const count = new RecentCount();
    for (const leavesAt of [100, 100, 200]) count.add(at(leavesAt));
    expect(count.countAt(at(99))).toBe(3);
    expect(count.roomAt(3)).toBe(100);
    expect(count.roomAt(1)).toBe(200);
    // An instant is outside of its window's end.
    expect(count.countAt(at(100))).toBe(1);
    expect(count.countAt(at(200))).toBe(0);
  });

  it('never forgets what never leaves', () => {
    const count = new RecentCount();
    count.add(null);
    count.add(null);
    expect(count.countAt(at(8e15))).toBe(2);
    expect(count.roomAt(2)).toBeNull();
  });

  it('keeps what comes out of order for longer, never for shorter', () => {
    const count = new RecentCount();
    count.add(at(200));
    count.add(at(100));
    expect(count.countAt(at(150))).toBe(2);
    expect(count.countAt(at(200))).toBe(0);
  });
});

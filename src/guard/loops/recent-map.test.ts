import { describe, expect, it } from 'vitest';
import { RecentMap } from './recent-map.ts';

describe('a recent map', () => {
  it('forgets what was used longest ago, and looking is no use', () => {
    const map = new RecentMap<string>(2);
    map.useWithin('a', () => 'A');
    map.useWithin('b', () => 'B');
    map.useWithin('a', () => 'never made');
    map.get('b');
    map.useWithin('c', () => 'C');
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual(['A', undefined, 'C']);
    expect(map.size).toBe(2);
  });
});

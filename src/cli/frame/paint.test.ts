import { describe, expect, it } from 'vitest';
import { paintOf } from './paint.ts';

const RED = '\u001b[31mno\u001b[39m';

describe('colours', () => {
  it.each([
    [{}, true, RED],
    [{}, false, 'no'],
    [{ NO_COLOR: '1' }, true, 'no'],
    [{ NO_COLOR: '' }, true, RED],
    [{ FORCE_COLOR: '1' }, false, RED],
    [{ FORCE_COLOR: '0' }, true, 'no'],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, 'no'],
    [{ TERM: 'dumb' }, true, 'no'],
  ])('with %j, on a terminal: %s', (env, isTerminal, shown) => {
    expect(paintOf({ env, isTerminal }).red('no')).toBe(shown);
  });
});

import { describe, expect, it } from 'vitest';
import { matcher, matchFault } from './match.ts';

describe('match patterns', () => {
  it.each([
    ['claude-*', 'claude-opus-4-5', true],
    ['claude-*', 'claude-', true],
    ['claude-*', 'Claude-opus', false],
    ['claude-*', 'x-claude-opus', false],
    ['*', '', true],
    ['*-mini', 'gpt-5-mini', true],
    ['*-mini', 'gpt-5-mini-2025', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['a*bc*bc', 'abc', false],
    ['a*bc*bc', 'abcbc', true],
    ['gpt-5', 'gpt-5', true],
    ['gpt-5', 'gpt-5-mini', false],
    ['gpt.5', 'gpt-5', false],
  ])('%s on %s: %s', (pattern, value, expected) => {
    expect(matcher(pattern)(value)).toBe(expected);
  });

  it('a hostile pattern and value take linear time', () => {
    const started = performance.now();
    expect(matcher(`${'a*'.repeat(128)}b`)('a'.repeat(256))).toBe(false);
    expect(performance.now() - started).toBeLessThan(50);
  });

  it.each([
    ['', '"*"'],
    ['  ', '"*"'],
    [' claude-*', '"claude-*"'],
    ['claude-**', '"claude-*"'],
    ['/claude-.*/', '"claude-*"'],
    ['^claude-.*$', '"claude-*"'],
    ['gpt-{4,5}', '"gpt-4"'],
  ])('%j is refused, nearest %s', (pattern, nearest) => {
    expect(matchFault(pattern)?.nearest).toBe(nearest);
  });

  it.each(['claude-*', 'gpt-5', 'anthropic.*', 'a|b', 'ft:gpt-4o:acme::x', 'team (a)'])(
    '%j is fine',
    (pattern) => {
      expect(matchFault(pattern)).toBeUndefined();
    },
  );
});

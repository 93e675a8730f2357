import { describe, expect, it } from 'vitest';
import { MisuseError } from '../errors/error.ts';
import { DIMENSIONS_MAX, narrow, readScopes, SCOPE_VALUES_MAX } from './scope-set.ts';

describe('scopes', () => {
  it('inner scopes only narrow: outer values stay, outermost first', () => {
    const outer = narrow({}, { customer: 'acme' });
    const inner = narrow(outer, { customer: 'beta', feature: 'chat' });
    expect(inner).toEqual({ customer: ['acme', 'beta'], feature: ['chat'] });
    expect(outer).toEqual({ customer: ['acme'] });
  });

  it('a value that is set already changes nothing and returns the same set', () => {
    const outer = narrow({}, { customer: 'acme' });
    expect(narrow(outer, { customer: 'acme' })).toBe(outer);
    expect(narrow(outer, {})).toBe(outer);
  });

  it('an undefined value counts as absent', () => {
    expect(readScopes({ customer: undefined, feature: 'chat' })).toEqual({ feature: ['chat'] });
    expect(readScopes(undefined)).toEqual({});
  });

  it.each([
    ['an empty value', { customer: '' }],
    ['a value of 257 characters', { customer: 'x'.repeat(257) }],
    ['a value of 10 kB', { customer: 'x'.repeat(10_000) }],
    ['a number', { customer: 7 }],
    ['null', { customer: null }],
    ['an object', { customer: {} }],
    ['an empty dimension', { '': 'x' }],
    ['a dimension with a colon', { 'customer:x': 'y' }],
    ['the dimension global', { global: 'x' }],
    ['an own __proto__', JSON.parse('{"__proto__": "x"}')],
    ['a list', ['acme']],
    ['a string', 'acme'],
    ['null instead of scopes', null],
  ])('%s is refused with REQUEST_INVALID', (_, scopes) => {
    for (const read of [() => readScopes(scopes), () => narrow({}, scopes)]) {
      expect(read).toThrow(MisuseError);
      expect(read).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    }
  });

  it.each(['__proto__', 'constructor', '\ud800', '|', '%', 'x'.repeat(256), '\u0000'])(
    'the value %j is an ordinary value',
    (value) => {
      expect(readScopes({ customer: value })['customer']).toEqual([value]);
    },
  );

  it('names of object members are ordinary dimensions', () => {
    const scopes = narrow(narrow({}, { constructor: 'a' }), {
      toString: 'b',
    });
    expect(Object.entries(scopes)).toEqual([
      ['constructor', ['a']],
      ['toString', ['b']],
    ]);
  });

  it('nesting and the number of dimensions are bounded', () => {
    let scopes = readScopes({});
    for (let depth = 0; depth < SCOPE_VALUES_MAX; depth += 1) {
      scopes = narrow(scopes, { agent: `a${depth}` });
    }
    expect(() => narrow(scopes, { agent: 'one more' })).toThrow(MisuseError);
    const many = Object.fromEntries(
      Array.from({ length: DIMENSIONS_MAX + 1 }, (_, index) => [`d${index}`, 'x']),
    );
    expect(() => readScopes(many)).toThrow(MisuseError);
  });
});

import { describe, expect, it } from 'vitest';
import { joinOptions, readCallOptions } from './call-options.ts';

describe('call options', () => {
  it('are checked like the configuration, and frozen', () => {
    expect(readCallOptions({ onShort: ['fit', 'wait', 'fit'], wrapUp: true })).toEqual({
      onShort: ['fit', 'wait'],
      wrapUp: true,
    });
    expect(readCallOptions({ onShort: 'refuse' })?.onShort).toEqual([]);
    expect(Object.isFrozen(readCallOptions({ waitMsMax: 5 }))).toBe(true);
    expect(readCallOptions(undefined)).toBeUndefined();
  });

  it.each([
    [{ onShort: 'fitt' }, /options\.onShort.*"fit"/s],
    [{ onShort: ['refuse'] }, /options\.onShort\[0\]/],
    [{ onShort: 5 }, /options\.onShort/],
    [{ minOutputTokens: -1 }, /options\.minOutputTokens/],
    [{ waitMsMax: 0 }, /options\.waitMsMax/],
    [{ wrapUp: 'yes' }, /options\.wrapUp.*true or false/s],
    [{ fitStructured: 1 }, /options\.fitStructured/],
    [{ onshort: 'fit' }, /onShort/],
  ])('%j cannot be meant', (options, message) => {
    expect(() => readCallOptions(options as never)).toThrow(message);
  });

  it('that are further in win, field by field; an absent one keeps the outer', () => {
    const outer = readCallOptions({ onShort: 'fit', minOutputTokens: 10 });
    const inner = readCallOptions({ onShort: 'wait', minOutputTokens: undefined, wrapUp: true });
    expect(joinOptions(outer, inner)).toEqual({
      onShort: ['wait'],
      minOutputTokens: 10,
      wrapUp: true,
    });
    expect(joinOptions(outer, undefined)).toBe(outer);
    expect(joinOptions(undefined, inner)).toBe(inner);
  });

  it('that were read are not read again', () => {
    const read = readCallOptions({ onShort: 'fit' });
    expect(readCallOptions(read)).toBe(read);
  });
});

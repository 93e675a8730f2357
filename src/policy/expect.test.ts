import { describe, expect, it } from 'vitest';
import { readCallOptions } from './call-options.ts';
import { readConfig } from './read-config.ts';

const read = (more: object) => readConfig({ global_cap_usd: 1, ...more });

describe('what is expected of answers, in the configuration', () => {
  it('is nothing unless it is asked for', () => {
    expect(read({}).expect).toBeUndefined();
    expect(read({ expect: false }).expect).toBeUndefined();
    expect(read({}).onStreamShort).toBeUndefined();
  });

  it('has its defaults under what is said', () => {
    const defaults = {
      quantile: 0.99,
      margin: 1.2,
      inputMargin: 1.1,
      samplesMin: 20,
      stream: 'ceiling',
      stepTokens: 256,
    };
    expect(read({ expect: true }).expect).toEqual(defaults);
    expect(read({ expect: { quantile: 0.9 } }).expect).toEqual({ ...defaults, quantile: 0.9 });
  });

  it.each([
    [{ quantile: 1 }, 'expect.quantile'],
    [{ quantile: 0.49 }, 'expect.quantile'],
    [{ quantile: Number.NaN }, 'expect.quantile'],
    [{ margin: 0.99 }, 'expect.margin'],
    [{ inputMargin: 11 }, 'expect.inputMargin'],
    [{ samplesMin: 0 }, 'expect.samplesMin'],
    [{ samplesMin: 513 }, 'expect.samplesMin'],
    [{ stepTokens: 0 }, 'expect.stepTokens'],
    [{ stream: 'all' }, 'expect.stream'],
    [{ quantil: 0.9 }, 'expect.quantil'],
  ])('refuses %j', (expect_, field) => {
    expect(() => read({ expect: expect_ })).toThrow(expect.objectContaining({ field }));
  });

  it('asks what happens to a stream whose next step does not fit, and takes no default', () => {
    const steps = { expect: { stream: 'steps' } } as const;
    const wanting = (field: string) => expect.objectContaining({ code: 'CONFIG_INVALID', field });
    expect(() => read(steps)).toThrow(wanting('onStreamShort'));
    expect(read({ ...steps, onStreamShort: 'stop' }).onStreamShort).toBe('stop');
    expect(() => readCallOptions(steps)).toThrow(wanting('options.onStreamShort'));
    expect(readCallOptions({ ...steps, onStreamShort: 'let-finish' })).toMatchObject({
      onStreamShort: 'let-finish',
    });
  });
});

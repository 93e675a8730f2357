import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/error.ts';
import { readConfig } from './read-config.ts';

const read = (cap: object) => readConfig({ caps: [{ scope: 'agent', window: 'day', ...cap }] });

describe('caps on loops in the configuration', () => {
  it('may stand alone or beside money, and keep the id of their scope and window', () => {
    const [cap] = read({ identical: 3 }).caps;
    expect(cap?.loops).toEqual({ identical: 3, depth: undefined, fanOut: undefined });
    expect(cap?.ceiling).toEqual({ usd: undefined, tokens: undefined, calls: undefined });
    expect(read({ depth: 2, fanOut: 5, calls: 9 }).caps[0]).toMatchObject({
      id: 'agent/day',
      loops: { identical: undefined, depth: 2, fanOut: 5 },
      ceiling: { calls: 9 },
    });
    expect(read({ usd: 1 }).caps[0]?.loops).toBeUndefined();
  });

  it.each(['depth', 'fanOut'])('%s needs a dimension, and the error says so', (name) => {
    const caps = [{ scope: 'global', window: 'day', [name]: 2 }];
    expect(() => readConfig({ caps })).toThrow(ConfigError);
    expect(() => readConfig({ caps })).toThrow(
      new RegExp(`caps\\[0\\]\\.${name} = 2.*counts values of a dimension.*"scope": "agent"`, 's'),
    );
  });
});

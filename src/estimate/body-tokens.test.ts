import { describe, expect, it } from 'vitest';
import { BODY_DEPTH_MAX, BodyTally } from './body-tokens.ts';

function sizeOf(value: unknown, isJson: boolean): number {
  const tally = new BodyTally();
  tally.value(value, isJson);
  expect(tally.fault).toBeUndefined();
  return tally.size;
}

function nested(levels: number): unknown {
  let value: unknown = 'end';
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

describe('BodyTally', () => {
  it('is never below the compact serialisation, nor below one with spaces', () => {
    const values: unknown[] = [
      'text',
      12,
      -0.5,
      true,
      null,
      [],
      {},
      [1, [2, 'three'], { four: 5 }],
      { name: 'get', input_schema: { type: 'object', properties: { a: { type: 'string' } } } },
      { 'key "with" quotes': '\u0001\n', é: ['漢'] },
    ];
    for (const value of values) {
      expect(sizeOf(value, true)).toBeGreaterThanOrEqual(JSON.stringify(value).length);
      expect(sizeOf(value, true)).toBeGreaterThanOrEqual(spaced(value).length);
      expect(sizeOf(value, false)).toBeGreaterThan(0);
    }
  });

  it('counts keys, own `__proto__` among them', () => {
    const hidden = JSON.parse(`{"__proto__": {"text": "${'x'.repeat(500)}"}}`) as unknown;
    expect(sizeOf(hidden, false)).toBeGreaterThan(500);
    expect(sizeOf({ ['k'.repeat(700)]: 1 }, false)).toBeGreaterThan(700);
  });

  it('ends at its named depth instead of overflowing the stack', () => {
    const tally = new BodyTally();
    tally.value(nested(100_000), true);
    expect(tally.fault?.feature).toBe('body.depth');
    expect(sizeOf(nested(BODY_DEPTH_MAX - 1), true)).toBeGreaterThan(0);
  });

  it('has no figure for a number whose length on the wire is not known', () => {
    const tally = new BodyTally();
    tally.value({ maximum: JSON.parse(`1${'0'.repeat(5000)}`) as unknown }, true);
    expect(tally.fault?.feature).toBe('body.number');
  });

  it('counts every digit that a wide integer may have had', () => {
    expect(sizeOf(JSON.parse(`1${'0'.repeat(300)}`), true)).toBeGreaterThan(300);
  });

  it('knows no value that JSON cannot carry', () => {
    for (const value of [10n, () => 1]) {
      const tally = new BodyTally();
      tally.value([value], true);
      expect(tally.fault?.feature).toBe('body.value');
    }
  });

  it('finds cache orders anywhere and keeps the dearest lifetime', () => {
    const tally = new BodyTally();
    tally.value([{ cache_control: { type: 'ephemeral' } }], false);
    expect(tally.cacheWrite).toBe('5m');
    tally.value({ a: { cache_control: { type: 'ephemeral', ttl: '1h' } } }, false);
    tally.value([{ cache_control: { ttl: '5m' } }], false);
    expect(tally.cacheWrite).toBe('1h');
  });

  it('takes a lifetime that it does not know for the dearest', () => {
    const tally = new BodyTally();
    tally.field('cache_control', { ttl: '24h' }, false);
    expect(tally.cacheWrite).toBe('1h');
  });

  it('reads each property once', () => {
    let reads = 0;
    const live = {
      get text() {
        reads++;
        return 'x';
      },
    };
    sizeOf(live, false);
    expect(reads).toBe(1);
  });
});

/** JSON with a space after each comma and colon, as several serialisers write it. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`,
  );
  return `{${fields.join(', ')}}`;
}

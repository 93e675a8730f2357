import { describe, expect, it } from 'vitest';
import { redacted } from './redact.ts';

describe('no secret of a connection string is left', () => {
  it.each([
    ['redis://:s3cret@host:6379', 'redis://***@host:6379'],
    ['redis://user:s3cret@host/0', 'redis://***@host/0'],
    ['postgres://u:s3@cr/et@host/db', 'postgres://***@host/db'],
    ['postgresql://host/db?user=u&password=s3cret', 'postgresql://host/db?user=u&password=***'],
    ['connect to "redis://u:s3cret@h:1" failed', 'connect to "redis://***@h:1" failed'],
    ['host=h password=s3cret dbname=d', 'host=h password=*** dbname=d'],
    ['redis://host:6379', 'redis://host:6379'],
    ['/data/spend.db', '/data/spend.db'],
  ])('%s', (text, shown) => {
    expect(redacted(text)).toBe(shown);
  });
});

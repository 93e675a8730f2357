import { describe, expect, it } from 'vitest';
import { redacted, redactedAddress } from './redact.ts';

describe('no secret of a connection string is left', () => {
  it.each([
    ['redis://:s3cret@host:6379', 'redis://***@host:6379'],
    ['redis://user:s3cret@host/0', 'redis://***@host/0'],
    ['postgres://u:s3@cr/et@host/db', 'postgres://***@host/db'],
    ['postgresql://host/db?user=u&password=s3cret', 'postgresql://host/db?user=u&password=***'],
    ['connect to "redis://u:s3cret@h:1" failed', 'connect to "redis://***@h:1" failed'],
    ['host=h password=s3cret dbname=d', 'host=h password=*** dbname=d'],
    ['redis://:two words@host:6379', 'redis://***@host:6379'],
    ['redis://:a"b\'c`<d@host', 'redis://***@host'],
    ['postgres:/u:s3cret@host/db', 'postgres:/***@host/db'],
    ["host=h password='two words' dbname=d", 'host=h password=*** dbname=d'],
    ['C:/data/a@b/spend.db', 'C:/data/a@b/spend.db'],
    [
      'No account is known for customer:ada@example.com',
      'No account is known for customer:ada@example.com',
    ],
    ['redis://host:6379', 'redis://host:6379'],
    ['/data/spend.db', '/data/spend.db'],
  ])('%s', (text, shown) => {
    expect(redacted(text)).toBe(shown);
  });

  it('in an address alone, where a parameter may hold blanks', () => {
    const address = 'postgresql://u:a\nb@host/db?password=two words&sslmode=require';
    expect(redactedAddress(address)).toBe('postgresql://***@host/db?password=***&sslmode=require');
  });
});

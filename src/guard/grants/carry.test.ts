import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { GrantError } from '../../errors/grant-error.ts';
import {
  GRANT_A2A_EXTENSION,
  GRANT_A2A_KEY,
  GRANT_HEADER,
  GRANT_MCP_KEY,
  grantHeaders,
  grantMeta,
  grantMetadata,
  readGrantHeader,
  readGrantMeta,
  readGrantMetadata,
} from './carry.ts';

const token = `hcg1.e30.${'A'.repeat(43)}`;

describe('a grant on its way', () => {
  it('goes through the headers of the web and of Node', () => {
    expect(readGrantHeader(new Headers(grantHeaders(token)))).toBe(token);
    expect(readGrantHeader(grantHeaders(token))).toBe(token);
    const ofNode: IncomingHttpHeaders = { host: 'x', ...grantHeaders(token) };
    expect(readGrantHeader(ofNode)).toBe(token);
    expect(readGrantHeader({ 'Hardcap-Grant': token })).toBe(token);
    expect(readGrantHeader({ accept: '*/*', [GRANT_HEADER]: [token] })).toBe(token);
  });

  it('is none where there is none', () => {
    expect(readGrantHeader(new Headers())).toBeUndefined();
    expect(readGrantHeader({ [GRANT_HEADER]: undefined })).toBeUndefined();
    for (const nothing of [undefined, null, {}, 'text', 1]) {
      expect(readGrantMeta(nothing)).toBeUndefined();
      expect(readGrantMetadata(nothing)).toBeUndefined();
    }
  });

  it('goes through MCP and A2A beside what else is there', () => {
    const meta = grantMeta(token, { progressToken: 1 });
    expect(meta).toEqual({ progressToken: 1, 'hardcap/grant': token });
    expect(readGrantMeta(JSON.parse(JSON.stringify(meta)))).toBe(token);
    const metadata = grantMetadata(token, { trace: 'x' });
    expect(metadata).toEqual({ trace: 'x', 'urn:hardcap:grant:v1/token': token });
    expect(readGrantMetadata(metadata)).toBe(token);
  });

  it('is refused when there are several, or when it is none', () => {
    const two = new Headers(grantHeaders(token));
    two.append(GRANT_HEADER, token);
    const reads = [
      () => readGrantHeader(two),
      () => readGrantHeader({ [GRANT_HEADER]: [token, token] }),
      () => readGrantHeader({ [GRANT_HEADER]: token, 'HARDCAP-GRANT': token }),
      () => readGrantHeader({ [GRANT_HEADER]: `${token}, ${token}` }),
      () => readGrantHeader({ [GRANT_HEADER]: '' }),
      () => readGrantHeader({ [GRANT_HEADER]: `Bearer ${token}` }),
      () => readGrantMeta({ [GRANT_MCP_KEY]: [token] }),
      () => readGrantMeta({ [GRANT_MCP_KEY]: null }),
      () => readGrantMetadata({ [GRANT_A2A_KEY]: {} }),
      () => grantHeaders('no token'),
      () => grantMeta(`${token}\r\nx: y`),
      () => grantMetadata(''),
    ];
    for (const read of reads) {
      expect(read).toThrow(GrantError);
      expect(read).toThrow('cannot be read');
      expect(read).not.toThrow(token);
    }
  });

  it('has the names that the protocols ask for', () => {
    // MCP 2026-07-28: labels of letters, digits and hyphens; no reserved second label.
    expect(GRANT_MCP_KEY).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]\/[a-z0-9][a-z0-9._-]*[a-z0-9]$/);
    // A2A: an absolute URI, and keys under it.
    expect(new URL(GRANT_A2A_EXTENSION).href).toBe(GRANT_A2A_EXTENSION);
    expect(GRANT_A2A_KEY.startsWith(`${GRANT_A2A_EXTENSION}/`)).toBe(true);
    // RFC 9110, section 5.1: a field name is a token.
    expect(GRANT_HEADER).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOUNDS_PAGE, boundsPage } from '../../scripts/bounds-docs.ts';
import { findProvider, providerOfHost, PROVIDERS } from './registry.ts';

describe('registry', () => {
  it('finds providers by exact name', () => {
    expect(findProvider('anthropic')?.name).toBe('anthropic');
    expect(findProvider('openai')?.name).toBe('openai');
    for (const name of ['', 'OpenAI', 'constructor']) expect(findProvider(name)).toBeUndefined();
  });

  it('knows each provider’s own hosts, and no look-alike', () => {
    expect(providerOfHost('api.anthropic.com')?.name).toBe('anthropic');
    expect(providerOfHost('API.OpenAI.com.')?.name).toBe('openai');
    expect(providerOfHost('api.openai.com:443')?.name).toBe('openai');
    expect(providerOfHost('eu.api.openai.com')?.name).toBe('openai');
    const others = [
      '',
      'openai.com',
      'api.openai.com.evil.test',
      'xapi.openai.com',
      'europe.api.openai.com',
      'eu.api.openai.com.evil.test',
      'a.eu.api.openai.com',
      'api.openai.com:8443',
    ];
    for (const host of others) expect(providerOfHost(host)).toBeUndefined();
  });

  it('knows the region that a host stands for', () => {
    expect(findProvider('openai')?.geoOfHost('EU.api.openai.com')).toBe('eu');
    expect(findProvider('openai')?.geoOfHost('api.openai.com')).toBeUndefined();
    expect(findProvider('anthropic')?.geoOfHost('eu.api.openai.com')).toBeUndefined();
  });

  it('joins every provider’s rules under one name and at least one host', () => {
    expect(new Set(PROVIDERS.map(({ name }) => name)).size).toBe(PROVIDERS.length);
    for (const { hosts } of PROVIDERS) expect(hosts.length).toBeGreaterThan(0);
  });

  it('is what the page on bounds says, row by row', () => {
    expect(readFileSync(BOUNDS_PAGE, 'utf8')).toBe(boundsPage());
  });
});

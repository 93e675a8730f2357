import { describe, expect, it } from 'vitest';
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
    const others = [
      '',
      'openai.com',
      'api.openai.com.evil.test',
      'xapi.openai.com',
      'eu.api.openai.com',
      'api.openai.com:8443',
    ];
    for (const host of others) expect(providerOfHost(host)).toBeUndefined();
  });

  it('joins every provider’s rules under one name and at least one host', () => {
    expect(new Set(PROVIDERS.map(({ name }) => name)).size).toBe(PROVIDERS.length);
    for (const { hosts } of PROVIDERS) expect(hosts.length).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from 'vitest';
import { METERED_HOSTS, REGIONAL_HOST } from '../src/boundary/providers.ts';
import * as hardcap from '../../../src/index.ts';
import { GUARDING } from '../src/boundary/providers.ts';
import { PROVIDERS } from '../../../src/providers/registry.ts';

describe('what the rules know of providers', () => {
  it('the metered hosts are those that hardcap meters', () => {
    expect([...METERED_HOSTS].sort()).toEqual(PROVIDERS.flatMap(({ hosts }) => hosts).sort());
  });

  it('a regional host is one for hardcap exactly where it is one here', () => {
    const hosts = ['eu.api.openai.com', 'us.api.openai.com', 'api.openai.com', 'x.api.openai.com'];
    for (const host of [...hosts, 'eu.api.anthropic.com', 'eu.api.openai.com.example.com']) {
      const isRegional = PROVIDERS.some((provider) => provider.geoOfHost(host) !== undefined);
      expect(REGIONAL_HOST.test(host), host).toBe(isRegional);
    }
  });

  it('the functions that guard a client are exports of hardcap', () => {
    for (const name of GUARDING) expect(hardcap).toHaveProperty(name);
  });
});

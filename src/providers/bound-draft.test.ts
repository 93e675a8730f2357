import { describe, expect, it } from 'vitest';
import { tokens } from '../units/count.ts';
import { boundAnthropic } from './anthropic/bound.ts';
import { BoundDraft, unknownFeature, type Feature } from './bound-draft.ts';
import type { Assumptions, FeatureBound, JsonObject } from './provider.ts';

const LIMITS = { inputTokensMax: tokens(200_000), outputTokensMax: tokens(64_000) };
const MOST: FeatureBound = { inputTokensMax: 1000, outputTokensMax: 100, usesMax: 2 };
const assume = (...names: readonly string[]): Assumptions => ({
  serviceTier: 'standard',
  geo: 'global',
  allow: Object.fromEntries(names.map((name) => [name, MOST])),
});
const FEATURE: Feature = { name: 'x', reason: 'x', adds: 'input' };

function maySampleAgain(use: (draft: BoundDraft) => void): boolean {
  const draft = new BoundDraft(LIMITS, assume('x'), undefined);
  use(draft);
  const bound = draft.finish({
    outputTokens: tokens(10),
    inputClasses: ['input'],
    outputClasses: ['output'],
    serviceTiers: ['standard'],
    mayBeFast: false,
    geos: [],
  });
  if ('kind' in bound) throw new Error(bound.reason);
  return bound.maySampleAgain;
}

describe('whether the provider may sample again', () => {
  it.each<[string, boolean, (draft: BoundDraft) => void]>([
    ['nothing', false, () => undefined],
    ['input inside one window', false, (draft) => draft.use(FEATURE)],
    ['more output', false, (draft) => draft.addOutput(5)],
    ['a feature that loops', true, (draft) => draft.use({ ...FEATURE, isLoop: true })],
    ['an unknown feature', true, (draft) => draft.use(unknownFeature('field', 'x'))],
    ['a fee', true, (draft) => draft.addFee('webSearch', 1)],
    ['a feature with a fee', true, (draft) => draft.use({ ...FEATURE, fee: 'webSearch' })],
    ['one use', true, (draft) => draft.loop({ ...LOOP, uses: 1 })],
    ['samplings without a use', true, (draft) => draft.loop({ ...LOOP, samplingsMin: 2 })],
    ['a tool that may not be used', false, (draft) => draft.loop(LOOP)],
  ])('follows from %s: %s', (_, isExpected, use) => {
    expect(maySampleAgain(use)).toBe(isExpected);
  });

  const fetching = { type: 'web_fetch_20250910', name: 'web_fetch', max_uses: 3 };
  const added = { type: 'tool_addition', tool: { type: 'tool_definition', definition: fetching } };
  it.each<[string, JsonObject, string[]]>([
    ['a tool', { tools: [fetching] }, []],
    ['a tool that joins on the way', { messages: [{ role: 'user', content: [added] }] }, []],
    ['compaction', { compaction: {} }, ['compaction']],
    ['an edit that samples', { context_management: { edits: [{}] } }, ['context_management']],
    ['a field without a rule', { someField: 1 }, ['someField']],
  ])('is known of a Messages request with %s', (_, more, allowed) => {
    const body = {
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'hi' }],
      ...more,
    };
    const facts = { route: 'messages', model: 'm', isStream: true, body };
    expect(boundAnthropic(facts, LIMITS, assume(...allowed))).toMatchObject({
      maySampleAgain: true,
    });
  });
});

const LOOP = { feature: FEATURE, uses: 0, samplingsMin: 1, isOutputPerSampling: true };

import { describe, expect, it } from 'vitest';
import { CatalogueError, readCatalogue } from '../../incidents/catalogue/read.ts';
import { FAULT_RULES } from '../../incidents/replay/faults/rules.ts';
import { PATTERN_TITLES } from '../../incidents/report/patterns.ts';
import { playsOf } from '../../incidents/replay/plan.ts';
import { catalogue, rawCatalogue } from './catalogue.ts';

/** The field that the catalogue is refused by once the value at `path` is another. */
function wrongField(path: string, value: unknown): string {
  const entries = rawCatalogue();
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let holder = entries as Record<string, unknown>;
  for (const step of steps) holder = holder[step] as Record<string, unknown>;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return refusedField(entries);
}

function refusedField(value: unknown): string {
  try {
    readCatalogue(value);
  } catch (error) {
    if (error instanceof CatalogueError) return error.field;
    throw error;
  }
  throw new Error('The catalogue was accepted');
}

describe('the catalogue', () => {
  it('is read whole: 170 scenarios of 39 patterns and as many kinds of fault', () => {
    const incidents = catalogue();
    expect(incidents).toHaveLength(170);
    const patterns = new Set(incidents.map(({ scenario }) => scenario.pattern));
    expect([...patterns].sort()).toEqual(Object.keys(PATTERN_TITLES));
    const kinds = new Set(incidents.map(({ scenario }) => scenario.fault.kind));
    expect([...kinds].sort()).toEqual(Object.keys(FAULT_RULES).sort());
  });

  it('is refused when it is no list', () => {
    expect(refusedField({})).toBe('incidents');
  });

  it.each<[string, string, string, unknown]>([
    ['a missing id', 'incidents[3].id', '3.id', undefined],
    ['an id twice', 'incidents[1].id', '1.id', catalogue()[0]!.id],
    ['an unknown field', 'incidents[0].loss', '0.loss', 1],
    ['a year as text', 'incidents[2].year', '2.year', '2024'],
    ['an address that is none', 'incidents[0].url', '0.url', 'x'],
    [
      'an unknown price',
      'incidents[0].scenario.calls[0].price',
      '0.scenario.calls.0.price',
      'gold',
    ],
    ['a negative size', 'incidents[5].scenario.calls[0].in', '5.scenario.calls.0.in', -1],
    ['no calls', 'incidents[0].scenario.calls', '0.scenario.calls', []],
    [
      'a caller that is no actor',
      'incidents[0].scenario.calls[0].actor',
      '0.scenario.calls.0.actor',
      'nobody',
    ],
    [
      'a root without a cap',
      'incidents[0].scenario.actors[0].cap_usd',
      '0.scenario.actors.0.cap_usd',
      undefined,
    ],
    [
      'a child without a parent',
      'incidents[0].scenario.actors[1].parent',
      '0.scenario.actors.1',
      { id: 'child' },
    ],
    ['a pattern beyond the last', 'incidents[0].scenario.pattern', '0.scenario.pattern', 'P40'],
    [
      'a fault without a kind',
      'incidents[0].scenario.fault.kind',
      '0.scenario.fault.kind',
      undefined,
    ],
  ])('is refused for %s, by the path of the field', (_name, field, path, value) => {
    expect(wrongField(path, value)).toBe(field);
  });

  it('may hold a kind of fault that nobody has a rule for: it is listed, not played', () => {
    const [first] = catalogue();
    const scenario = { ...first!.scenario, fault: { kind: 'cosmic_ray' } };
    const plays = playsOf({ ...first!, scenario });
    expect(plays).toEqual({ id: first!.id, reason: expect.stringContaining('cosmic_ray') });
  });
});

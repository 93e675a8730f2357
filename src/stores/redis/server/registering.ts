import { keyOf, lastLeavesOf, leavesOf, saidOf, type FamilyItems } from './items.ts';
import type { Keys } from './keys.ts';
import type { ScriptCall } from './scripts.ts';
import type { Told } from './server.ts';

/** By family, how often its scope value was closed or opened, and how it is. */
export type Scopes = ReadonlyMap<string, { readonly scopeSeq: number; readonly closed: string }>;

/** What must come before items are applied: one call for each family, then one for each account. */
export function registering(keys: Keys, families: readonly FamilyItems[]): readonly ScriptCall[] {
  const scopes = families.map(({ capId, scope, items }): ScriptCall => {
    const said = { capId, leaves: lastLeavesOf(items) };
    return { script: 'enrol', keys: keys.scope(scope), said };
  });
  const places = families.flatMap(({ family, items }) =>
    items.map(({ account }): ScriptCall => {
      const said = { family, leaves: leavesOf(account) };
      return { script: 'place', keys: [keys.place(keyOf(account))], said };
    }),
  );
  return [...scopes, ...places];
}

/** What the calls of `registering` were told, which is to be said with the items. */
export function scopesFrom(families: readonly FamilyItems[], told: readonly Told[]): Scopes {
  return new Map(
    families.map(({ family }, index) => {
      const [, scopeSeq, closed = '0'] = told[index] ?? [];
      return [family, { scopeSeq: Number(scopeSeq), closed }];
    }),
  );
}

/** Whose items are applied, and how. */
export interface Applying {
  readonly holder: string;
  readonly how: Readonly<Record<string, unknown>>;
  readonly scopes: Scopes;
}

/** The call that applies the items of one family. */
export function applying(
  keys: Keys,
  { family, items }: FamilyItems,
  { holder, how, scopes }: Applying,
): ScriptCall {
  return {
    script: 'apply',
    keys: [
      keys.accounts(family),
      keys.index(family),
      keys.slices(family, holder),
      keys.terms(family),
    ],
    said: { ...how, ...scopes.get(family), items: items.map(saidOf) },
  };
}

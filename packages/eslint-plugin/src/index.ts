/** eslint-plugin-hardcap: rules for code that spends money on LLM calls. */

import { rule as noAlias } from './rules/no-alias.ts';
import { rule as noFanOut } from './rules/no-fan-out.ts';
import { rule as noFloatingReservation } from './rules/no-floating-reservation.ts';
import { rule as noLeakedBudget } from './rules/no-leaked-budget.ts';
import { rule as noSwallowedCapError } from './rules/no-swallowed-cap-error.ts';
import { rule as noUnguardedClient } from './rules/no-unguarded-client.ts';
import { rule as noUseAfterMove } from './rules/no-use-after-move.ts';
import { rule as requireOutputCeiling } from './rules/require-output-ceiling.ts';
import { VERSION } from './version.ts';

/** Every rule by its name: first those on budgets, then those at the boundary to a provider. */
export const rules = {
  'no-use-after-move': noUseAfterMove,
  'no-alias': noAlias,
  'no-fan-out': noFanOut,
  'no-leaked-budget': noLeakedBudget,
  'no-floating-reservation': noFloatingReservation,
  'no-unguarded-client': noUnguardedClient,
  'no-swallowed-cap-error': noSwallowedCapError,
  'require-output-ceiling': requireOutputCeiling,
};

/** What ESLint caches results under and prints. */
export const meta = { name: 'eslint-plugin-hardcap', namespace: 'hardcap', version: VERSION };

/** A part of an ESLint configuration that turns rules of this plugin on. */
export interface PluginConfig {
  readonly name: string;
  plugins: Record<string, { meta: typeof meta; rules: Record<string, Rule> }>;
  rules: Record<string, 'error' | 'warn'>;
}

/** A rule as both ESLint's types and those of typescript-eslint describe one. */
interface Rule {
  create(context: never): Record<string, Visit['visit'] | undefined>;
  readonly meta: object;
}

/** A method, whose parameter types TypeScript compares both ways. */
interface Visit {
  visit(...nodes: unknown[]): void;
}

/** The plugin without its configurations. */
const plugin: PluginConfig['plugins'][string] = { meta, rules };

/**
 * `recommended`: every rule, as an error unless it may be right to live with what it reports.
 * `strict`: every rule as an error. Both need a parser that knows types.
 */
export const configs = {
  recommended: configuration(
    'recommended',
    (name) => rules[name].meta.docs?.recommended ?? 'error',
  ),
  strict: configuration('strict', () => 'error'),
};

/** The plugin as a whole: `plugins: { hardcap }`. */
export const hardcap = { ...plugin, configs };

function configuration(
  name: string,
  severity: (rule: keyof typeof rules) => 'error' | 'warn',
): PluginConfig {
  const names = Object.keys(rules) as (keyof typeof rules)[];
  return {
    name: `hardcap/${name}`,
    plugins: { hardcap: plugin },
    rules: Object.fromEntries(names.map((rule) => [`hardcap/${rule}`, severity(rule)])),
  };
}

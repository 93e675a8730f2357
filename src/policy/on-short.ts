import { choice, fault, type Field } from './fields.ts';

/** What can be tried with a call that does not fit, before it is refused. */
export const STRATEGIES = ['count', 'fit', 'wait', 'fallback'] as const;

/**
 * `count`: bound the input again more closely. `fit`: lower the output ceiling on the wire to what
 * is affordable. `wait`: for money that calls in flight hold. `fallback`: ask a cheaper model.
 */
export type Strategy = (typeof STRATEGIES)[number];

/** What happens to a call that does not fit: it is refused, or these are tried in this order. */
export type OnShort = 'refuse' | Strategy | readonly Strategy[];

const NONE: readonly Strategy[] = Object.freeze([]);
const strategyField = choice(STRATEGIES);
const wordField = choice(['refuse', ...STRATEGIES]);

/** Strategies in the order in which they are tried, each once; none: refused at once. */
export const onShortField: Field<readonly Strategy[]> = {
  schema: {
    anyOf: [wordField.schema, { type: 'array', items: strategyField.schema }],
  },
  read(value, path) {
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      const read = items.map((item, index) => strategyField.read(item, `${path}[${index}]`));
      return Object.freeze([...new Set(read)]);
    }
    if (typeof value !== 'string') {
      const reason = 'must be "refuse", a strategy, or a list of strategies';
      throw fault({ field: path, value, reason, nearest: '["count", "fit", "wait"]' });
    }
    const word = wordField.read(value, path);
    return word === 'refuse' ? NONE : Object.freeze([word]);
  },
};

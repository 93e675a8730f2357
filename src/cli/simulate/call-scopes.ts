import { fault, list, record, text, type Field } from '../../policy/fields.ts';
import { DIMENSION_PATTERN, SCOPE_CHARS_MAX } from '../../policy/scope-set.ts';
import { UNATTRIBUTED, type Scopes } from '../../policy/scope.ts';

/** Who makes a call: dimension -> values, outermost first. */
export type CallScopes = Readonly<Record<string, readonly string[]>>;

/** The dimension whose calls belong together: they are drawn together, in their order. */
export const SESSION = 'session';

/** A value of a dimension, as it stands in a file. */
export const scopeText = text({
  charsMax: SCOPE_CHARS_MAX,
  what: 'a text of 1 to 256 characters',
});

const values = list(scopeText);

const oneOrMore: Field<readonly string[]> = {
  schema: { anyOf: [scopeText.schema, values.schema] },
  read(value, path) {
    if (typeof value === 'string') return [scopeText.read(value, path)];
    const read = values.read(value, path);
    if (read.length > 0) return read;
    throw fault({ field: path, value, reason: 'must have at least one value' });
  },
};

/** `{ "customer": "acme", "agent": ["root", "reader"] }`. */
export const scopesField: Field<CallScopes> = record(oneOrMore, {
  pattern: DIMENSION_PATTERN,
  what: 'a dimension: a letter, then letters, digits, "_", "-" or "."',
});

/** The innermost value of a dimension; a call without one is `unattributed`, as in the books. */
export function valueOf(scopes: CallScopes, dimension: string): string {
  const found = Object.hasOwn(scopes, dimension) ? scopes[dimension] : undefined;
  return found?.at(-1) ?? UNATTRIBUTED;
}

/** The same as a guard takes them: a list from the outermost to the innermost. */
export function nestedScopes(scopes: CallScopes): readonly Scopes[] {
  const depth = Math.max(0, ...Object.values(scopes).map(({ length }) => length));
  return Array.from({ length: depth }, (_, level) =>
    Object.fromEntries(
      Object.entries(scopes).flatMap(([dimension, all]) => {
        const value = all[level];
        return value === undefined ? [] : [[dimension, value] as const];
      }),
    ),
  );
}

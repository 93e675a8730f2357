/**
 * Who or what spends: dimension -> value, as the user writes it. `{ customer: 'acme', feature:
 * 'chat' }`
 */
export type Scopes = { readonly [dimension: string]: string };

/**
 * All values that apply to a call: dimension -> values, outermost first.
 *
 * Inner scopes only narrow: a value set further out stays and is drawn on as well, so a nested
 * `run` can add accounts and never escape one.
 */
export type ScopeSet = { readonly [dimension: string]: readonly string[] };

/** The scope that every call belongs to. */
export const GLOBAL_SCOPE = 'global';

/** The dimension under which a call names its budget; no user's dimension can have this name. */
export const BUDGET_SCOPE = '$budget';

/** The value that a call without one is booked under. */
export const UNATTRIBUTED = 'unattributed';

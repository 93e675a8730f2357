/**
 * What the running guard needs to know of each code. What a code means and what to do about it
 * stands in `codes.ts`, which a bundle that does not show the table leaves out.
 */

/** Who can mend an error of each code: the closed list of codes, in the order of the docs page. */
export const KIND_OF_CODE = {
  BUDGET_CAP: 'refusal',
  SCOPE_CLOSED: 'refusal',
  SCOPE_MISSING: 'refusal',
  PRICE_UNKNOWN: 'refusal',
  UNBOUNDED_REQUEST: 'refusal',
  ROUTE_UNKNOWN: 'refusal',
  GRANT_INVALID: 'refusal',
  GRANT_EXPIRED: 'refusal',
  GRANT_REDEEMED: 'refusal',
  GRANT_IN_USE: 'refusal',
  ALLOTMENT_MISSING: 'refusal',
  CONFIG_INVALID: 'misuse',
  REQUEST_INVALID: 'misuse',
  HANDLE_SPENT: 'misuse',
  RESERVATION_SETTLED: 'misuse',
  RESERVATION_RELEASED: 'misuse',
  RESERVATION_EXPIRED: 'misuse',
  RESERVATION_UNKNOWN: 'misuse',
  ORDER_INVALID: 'misuse',
  REPORT_INVALID: 'misuse',
  COMMAND_INVALID: 'misuse',
  STORE_UNAVAILABLE: 'operation',
  STORE_CONFLICT: 'operation',
  UPSTREAM_FAILED: 'operation',
  USAGE_MISSING: 'operation',
  INVARIANT_BROKEN: 'integrity',
} as const;

/** HTTP status of each kind towards LLM clients: statuses that no client re-sends by itself. */
export const STATUS_OF_KIND = {
  refusal: 402,
  misuse: 400,
  operation: 402,
  integrity: 500,
} as const;

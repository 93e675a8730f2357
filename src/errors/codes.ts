/**
 * The one table of error codes. Classes, the docs page `docs/errors/README.md` and the HTTP mapping
 * are tested equal to it.
 */

/** How an error came about, and so who can mend it. */
export type ErrorKind = 'refusal' | 'misuse' | 'operation' | 'integrity';

/** What is true of every error with one code. */
export interface ErrorRow {
  readonly kind: ErrorKind;
  /** HTTP status towards LLM clients: statuses that no client re-sends by itself. */
  readonly status: 400 | 402 | 500;
  /** Whether a client may send the same request again by itself: never. */
  readonly retryable: false;
  readonly meaning: string;
  readonly remedy: string;
}

/** Every code with its kind, HTTP status, meaning and remedy. */
export const ERROR_TABLE = {
  BUDGET_CAP: {
    kind: 'refusal',
    status: 402,
    retryable: false,
    meaning: 'The most this attempt can cost does not fit under a cap.',
    remedy: 'Wait until `resets_at`, ask for `affordable_output_tokens` at most, or raise the cap.',
  },
  SCOPE_CLOSED: {
    kind: 'refusal',
    status: 402,
    retryable: false,
    meaning: 'The account is overdrawn or an operator closed it; nothing more may be spent there.',
    remedy: 'Wait until `resets_at`, or raise or reopen the scope.',
  },
  SCOPE_MISSING: {
    kind: 'refusal',
    status: 402,
    retryable: false,
    meaning:
      'A cap needs a value for a dimension and the call has none, with `unattributed: "refuse"`.',
    remedy: 'Run the call inside `guard.run({ <dimension>: value }, fn)`.',
  },
  PRICE_UNKNOWN: {
    kind: 'refusal',
    status: 402,
    retryable: false,
    meaning: 'The price book has no card for exactly this provider and model.',
    remedy: 'Update the price book, or set the price under `prices` in the configuration.',
  },
  UNBOUNDED_REQUEST: {
    kind: 'refusal',
    status: 402,
    retryable: false,
    meaning: 'Something in the request can cost more than the request itself says.',
    remedy: 'Remove the feature that the message names, or allow it with the option it names.',
  },
  ROUTE_UNKNOWN: {
    kind: 'refusal',
    status: 402,
    retryable: false,
    meaning: 'No rule says what a request to this host and path costs.',
    remedy: 'Use a route that is metered, or name the provider that answers at this origin.',
  },
  CONFIG_INVALID: {
    kind: 'misuse',
    status: 400,
    retryable: false,
    meaning: 'A field of the configuration is unknown or has an impossible value.',
    remedy: 'Correct the field that the message names.',
  },
  REQUEST_INVALID: {
    kind: 'misuse',
    status: 400,
    retryable: false,
    meaning: 'The request cannot be read: not JSON, no model, or an impossible number in it.',
    remedy: 'Correct the field that the message names; nothing was held.',
  },
  HANDLE_SPENT: {
    kind: 'misuse',
    status: 400,
    retryable: false,
    meaning:
      'A budget handle was used after it had been spent, split, merged, delegated or closed.',
    remedy: 'Use the handle that the earlier operation returned.',
  },
  RESERVATION_SETTLED: {
    kind: 'misuse',
    status: 400,
    retryable: false,
    meaning: 'The reservation has already been settled.',
    remedy: 'Settle each reservation once; correct a settled one with `adjust`.',
  },
  RESERVATION_RELEASED: {
    kind: 'misuse',
    status: 400,
    retryable: false,
    meaning: 'The reservation has already been released.',
    remedy: 'Reserve again for a new attempt.',
  },
  RESERVATION_EXPIRED: {
    kind: 'misuse',
    status: 400,
    retryable: false,
    meaning: 'The reservation was abandoned and has been closed as spent.',
    remedy: 'Correct it with `adjust` when the true cost is known.',
  },
  RESERVATION_UNKNOWN: {
    kind: 'misuse',
    status: 400,
    retryable: false,
    meaning: 'The ledger has never seen this reservation id.',
    remedy: 'Pass the id that `reserve` returned.',
  },
  STORE_UNAVAILABLE: {
    kind: 'operation',
    status: 402,
    retryable: false,
    meaning: 'The ledger cannot answer, so no money can be held.',
    remedy: 'Bring the store back; nothing is sent until it answers.',
  },
  STORE_CONFLICT: {
    kind: 'operation',
    status: 402,
    retryable: false,
    meaning: 'Two messages with one id disagree about what was reserved.',
    remedy: 'Give every attempt its own reservation id.',
  },
  UPSTREAM_FAILED: {
    kind: 'operation',
    status: 402,
    retryable: false,
    meaning: 'The provider could not be reached or broke off.',
    remedy: 'Look at `cause`; the hold ended by the rule of its outcome class.',
  },
  USAGE_MISSING: {
    kind: 'operation',
    status: 402,
    retryable: false,
    meaning: 'The provider answered without usage, so the attempt was settled at its bound.',
    remedy: 'Reconcile with the provider and correct with `adjust`.',
  },
  INVARIANT_BROKEN: {
    kind: 'integrity',
    status: 500,
    retryable: false,
    meaning: 'The books disagree with themselves: a bug of ours.',
    remedy: 'Stop serving and report the message.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>;

/** The closed union of codes. New ones may be added; none changes its meaning. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** The codes of one kind. */
export type CodeOfKind<K extends ErrorKind> = {
  [C in ErrorCode]: (typeof ERROR_TABLE)[C]['kind'] extends K ? C : never;
}[ErrorCode];

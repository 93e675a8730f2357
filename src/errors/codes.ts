/**
 * The one table of error codes: kind and status from `kinds.ts`, the texts from here. Classes, the
 * docs page `docs/errors/README.md` and the HTTP mapping are tested equal to it.
 */

import { KIND_OF_CODE, STATUS_OF_KIND } from './kinds.ts';

/** How an error came about, and so who can mend it. */
export type ErrorKind = keyof typeof STATUS_OF_KIND;

/** The closed union of codes. New ones may be added; none changes its meaning. */
export type ErrorCode = keyof typeof KIND_OF_CODE;

/** The codes of one kind. */
export type CodeOfKind<K extends ErrorKind> = {
  [C in ErrorCode]: (typeof KIND_OF_CODE)[C] extends K ? C : never;
}[ErrorCode];

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
    ...row('BUDGET_CAP'),
    meaning:
      'The most this attempt can cost does not fit under a cap, or a cap on loops (`identical`, ' +
      '`depth`, `fanOut`) is reached.',
    remedy:
      'Wait until `resets_at`, ask for `affordable_output_tokens` at most, or raise the cap. ' +
      'With a `pattern`, end the loop first.',
  },
  SCOPE_CLOSED: {
    ...row('SCOPE_CLOSED'),
    meaning: 'The account is overdrawn or an operator closed it; nothing more may be spent there.',
    remedy: 'Wait until `resets_at`, or raise or reopen the scope.',
  },
  SCOPE_MISSING: {
    ...row('SCOPE_MISSING'),
    meaning:
      'A cap needs a value for a dimension and the call has none, with `unattributed: "refuse"`.',
    remedy: 'Run the call inside `guard.run({ <dimension>: value }, fn)`.',
  },
  PRICE_UNKNOWN: {
    ...row('PRICE_UNKNOWN'),
    meaning: 'The price book has no card for exactly this provider and model.',
    remedy: 'Update the price book, or set the price under `prices` in the configuration.',
  },
  UNBOUNDED_REQUEST: {
    ...row('UNBOUNDED_REQUEST'),
    meaning: 'Something in the request can cost more than the request itself says.',
    remedy: 'Remove the feature that the message names, or allow it with the option it names.',
  },
  ROUTE_UNKNOWN: {
    ...row('ROUTE_UNKNOWN'),
    meaning: 'No rule says what a request to this host and path costs.',
    remedy: 'Use a route that is metered, or name the provider that answers at this origin.',
  },
  GRANT_INVALID: {
    ...row('GRANT_INVALID'),
    meaning:
      'A grant was forged or altered, is signed with a key that is not known here, is for ' +
      'another receiver, or was issued on another ledger; `reason` says which.',
    remedy: 'Do what the message says; no money was moved.',
  },
  GRANT_EXPIRED: {
    ...row('GRANT_EXPIRED'),
    meaning: 'A grant was not redeemed in its time.',
    remedy: 'Ask the issuer for another. Its money stays fenced off until the issuer revokes it.',
  },
  GRANT_REDEEMED: {
    ...row('GRANT_REDEEMED'),
    meaning: 'A grant was redeemed before, or revoked.',
    remedy:
      'The receiver asks for another. The issuer ends a grant that was redeemed with `collect`.',
  },
  GRANT_IN_USE: {
    ...row('GRANT_IN_USE'),
    meaning:
      'A grant cannot be collected yet: calls of it are open, or its receiver may make some.',
    remedy:
      'Close the receiver’s guard, or collect with `force`, which starts no call any more and ' +
      'waits for those that are open; where the receiver died, recover it first.',
  },
  ALLOTMENT_MISSING: {
    ...row('ALLOTMENT_MISSING'),
    meaning: 'An agent was called in a run whose options do not say what it may spend.',
    remedy: 'Write `agents: { <name>: { usd } }` or `each: { usd }` in the options of `runAgents`.',
  },
  CONFIG_INVALID: {
    ...row('CONFIG_INVALID'),
    meaning: 'A field of the configuration is unknown or has an impossible value.',
    remedy: 'Correct the field that the message names.',
  },
  REQUEST_INVALID: {
    ...row('REQUEST_INVALID'),
    meaning: 'The request cannot be read: not JSON, no model, or an impossible number in it.',
    remedy: 'Correct the field that the message names; nothing was held.',
  },
  HANDLE_SPENT: {
    ...row('HANDLE_SPENT'),
    meaning:
      'A budget handle was used after it had been spent, split, merged, delegated or closed.',
    remedy: 'Use the handle that the earlier operation returned.',
  },
  RESERVATION_SETTLED: {
    ...row('RESERVATION_SETTLED'),
    meaning: 'The reservation has already been settled.',
    remedy: 'Settle each reservation once; correct a settled one with `adjust`.',
  },
  RESERVATION_RELEASED: {
    ...row('RESERVATION_RELEASED'),
    meaning: 'The reservation has already been released.',
    remedy: 'Reserve again for a new attempt.',
  },
  RESERVATION_EXPIRED: {
    ...row('RESERVATION_EXPIRED'),
    meaning: 'The reservation was abandoned and has been closed as spent.',
    remedy: 'Correct it with `adjust` when the true cost is known.',
  },
  RESERVATION_UNKNOWN: {
    ...row('RESERVATION_UNKNOWN'),
    meaning: 'The ledger has never seen this reservation id.',
    remedy: 'Pass the id that `reserve` returned.',
  },
  ORDER_INVALID: {
    ...row('ORDER_INVALID'),
    meaning: 'An operator’s order to the books cannot be carried out as it stands.',
    remedy: 'Correct what the message names; nothing was changed.',
  },
  REPORT_INVALID: {
    ...row('REPORT_INVALID'),
    meaning: 'A provider’s report is of a form, or has a field or unit, that no reader knows.',
    remedy: 'Read the row that the message names; nothing was compared with the books.',
  },
  COMMAND_INVALID: {
    ...row('COMMAND_INVALID'),
    meaning: 'A command line of the program `hardcap` cannot be meant.',
    remedy: 'Type what the message says, or see `hardcap help <command>`; nothing was done.',
  },
  STORE_UNAVAILABLE: {
    ...row('STORE_UNAVAILABLE'),
    meaning: 'The ledger cannot answer, so no money can be held.',
    remedy: 'Bring the store back; nothing is sent until it answers.',
  },
  STORE_CONFLICT: {
    ...row('STORE_CONFLICT'),
    meaning: 'Two messages with one id disagree about what was reserved.',
    remedy: 'Give every attempt its own reservation id.',
  },
  UPSTREAM_FAILED: {
    ...row('UPSTREAM_FAILED'),
    meaning: 'The provider could not be reached or broke off.',
    remedy: 'Look at `cause`; the hold ended by the rule of its outcome class.',
  },
  USAGE_MISSING: {
    ...row('USAGE_MISSING'),
    meaning: 'The provider answered without usage, so the attempt was settled at its bound.',
    remedy: 'Reconcile with the provider and correct with `adjust`.',
  },
  INVARIANT_BROKEN: {
    ...row('INVARIANT_BROKEN'),
    meaning: 'The books disagree with themselves: a bug of ours.',
    remedy: 'Stop serving and report the message.',
  },
} as const satisfies Readonly<Record<ErrorCode, ErrorRow>>;

function row<C extends ErrorCode>(code: C) {
  const kind = KIND_OF_CODE[code];
  return { kind, status: STATUS_OF_KIND[kind], retryable: false } as const;
}

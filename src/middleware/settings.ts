import { ConfigError, type HardcapError } from '../errors/error.ts';
import { nearestOf } from '../policy/nearest.ts';
import { DIMENSION_PATTERN } from '../policy/scope-set.ts';
import { nanoUsdFromUsd, type NanoUsd } from '../units/money.ts';

/**
 * Who a request belongs to: dimension -> value. A value that is `undefined` counts as absent.
 */
export type RequestScopes = { readonly [dimension: string]: string | undefined };

/** How requests are attributed, admitted and answered. All of it is optional. */
export interface CapsOptions<Request> {
  /**
   * Who the request belongs to, from what the application has authenticated. Never read here what
   * an end user can write: a header, a query or a body names any customer it likes.
   */
  readonly scopes?:
    | ((request: Request) => RequestScopes | undefined | Promise<RequestScopes | undefined>)
    | undefined;
  /**
   * Whether the matched route's pattern (`/chat/:id`, never the path that was asked for) becomes
   * the value of `feature`. Default `false`.
   */
  readonly routeAsFeature?: boolean | undefined;
  /**
   * Dimension -> name of a request header that gives its value. Only for headers that a proxy of
   * your own sets and strips: whoever can send one chooses who pays.
   */
  readonly trustedHeaders?: { readonly [dimension: string]: string } | undefined;
  /** Dimensions without which a request is refused before its handler runs. Default: none. */
  readonly required?: readonly string[] | undefined;
  /** The status of that refusal. Default 403. */
  readonly missingStatus?: 401 | 403 | undefined;
  /**
   * Dollars that every cap of the request must have left for its handler to run. It spares work
   * that would be refused later; what enforces the caps is each call's hold. Default: no check.
   */
  readonly minRemainingUsd?: number | undefined;
  /**
   * The status of a cap refusal. Default 402, the one that no SDK sends again by itself; clients
   * take a 429 for "later" and come back.
   */
  readonly refusalStatus?: 400 | 402 | 403 | 429 | undefined;
  /**
   * Which figures an answer shows. `own`: those of the caller's own scopes, and nothing of caps
   * that others share. `nothing`: none. `all`: the whole error, for callers who are colleagues.
   * Default `own`.
   */
  readonly reveal?: 'own' | 'nothing' | 'all' | undefined;
  /** Dimensions whose accounts belong to the caller alone. Default `['customer']`. */
  readonly ownDimensions?: readonly string[] | undefined;
  /**
   * Hears of every error that was answered. Default: errors of status 500 and above are logged as
   * the framework does it.
   */
  readonly onAnswer?: ((error: HardcapError, request: Request) => void) | undefined;
}

/** The options after validation, defaults filled in. */
export interface CapsSettings<Request> {
  readonly scopes: NonNullable<CapsOptions<Request>['scopes']>;
  readonly routeAsFeature: boolean;
  /** Dimension and header name, in lower case. */
  readonly trustedHeaders: readonly (readonly [string, string])[];
  readonly required: readonly string[];
  readonly missingStatus: 401 | 403;
  readonly minRemaining: NanoUsd | undefined;
  readonly refusalStatus: 400 | 402 | 403 | 429;
  readonly reveal: 'own' | 'nothing' | 'all';
  readonly ownDimensions: readonly string[];
  readonly onAnswer: ((error: HardcapError, request: Request) => void) | undefined;
}

const FIELDS: {
  readonly [K in keyof Required<CapsOptions<unknown>>]: (value: unknown) => boolean;
} = {
  scopes: isFunction,
  routeAsFeature: (value) => typeof value === 'boolean',
  trustedHeaders: (value) => isRecord(value) && Object.entries(value).every(isHeaderRow),
  required: isDimensionList,
  missingStatus: (value) => value === 401 || value === 403,
  minRemainingUsd: (value) => typeof value === 'number' && nanoUsdFromUsd(value) !== undefined,
  refusalStatus: (value) => [400, 402, 403, 429].some((status) => status === value),
  reveal: (value) => value === 'own' || value === 'nothing' || value === 'all',
  ownDimensions: isDimensionList,
  onAnswer: isFunction,
};

const VALID_FORM: { readonly [field: string]: string } = {
  scopes: '(request) => ({ customer: request.user.id })',
  routeAsFeature: 'true',
  trustedHeaders: '{ customer: "x-customer-id" }',
  required: '["customer"]',
  missingStatus: '403',
  minRemainingUsd: '0.01',
  refusalStatus: '402',
  reveal: '"own"',
  ownDimensions: '["customer"]',
  onAnswer: '(error) => logger.warn(error)',
};

const DIMENSION = new RegExp(DIMENSION_PATTERN);
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;

/** Checks every option. Throws `CONFIG_INVALID`, with the nearest valid form. */
export function readCapsOptions<Request>(options: CapsOptions<Request>): CapsSettings<Request> {
  for (const [field, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(FIELDS, field)) {
      const nearest = nearestOf(field, Object.keys(FIELDS));
      const reason = 'there is no such option';
      throw new ConfigError({
        field,
        value,
        reason,
        ...(nearest === undefined ? {} : { nearest }),
      });
    }
    const isValid = FIELDS[field as keyof typeof FIELDS];
    if (isValid(value)) continue;
    const nearest = VALID_FORM[field];
    const reason = 'it cannot be meant';
    throw new ConfigError({ field, value, reason, ...(nearest === undefined ? {} : { nearest }) });
  }
  const { minRemainingUsd } = options;
  return {
    scopes: options.scopes ?? (() => undefined),
    routeAsFeature: options.routeAsFeature ?? false,
    trustedHeaders: Object.entries(options.trustedHeaders ?? {}).map(
      ([dimension, name]) => [dimension, name.toLowerCase()] as const,
    ),
    required: options.required ?? [],
    missingStatus: options.missingStatus ?? 403,
    minRemaining: minRemainingUsd === undefined ? undefined : nanoUsdFromUsd(minRemainingUsd),
    refusalStatus: options.refusalStatus ?? 402,
    reveal: options.reveal ?? 'own',
    ownDimensions: options.ownDimensions ?? ['customer'],
    onAnswer: options.onAnswer,
  };
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDimensionList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isDimension);
}

function isDimension(value: unknown): boolean {
  return typeof value === 'string' && DIMENSION.test(value);
}

function isHeaderRow([dimension, name]: readonly [string, unknown]): boolean {
  return isDimension(dimension) && typeof name === 'string' && HEADER.test(name);
}

import { BudgetCapError } from '../errors/budget-cap-error.ts';
import type { ErrorCode, ErrorKind } from '../errors/codes.ts';
import type { HardcapError } from '../errors/error.ts';
import { formatUsd, nanoUsdFromUsd } from '../units/money.ts';
import type { CapsSettings } from './settings.ts';

/** What is sent instead of the handler's own answer. */
export interface CapsAnswer {
  readonly status: number;
  /** Names in lower case. There is no `retry-after`: clients obey it in ways that hurt. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: CapsAnswerBody;
}

/** The body of such an answer; the same JSON is the data of an SSE `error` event. */
export interface CapsAnswerBody {
  /** By this and by `error` the Anthropic and OpenAI clients know an error in a stream. */
  readonly type: 'error';
  readonly error: CapsAnswerError;
}

/** What went wrong, for the caller. What the caller may not see is `null`. */
export interface CapsAnswerError {
  readonly type: ErrorKind;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: false;
  /** The binding cap, where it is the caller's own; a cap that others share is not named. */
  readonly scope?: string | null;
  readonly window?: string | null;
  /** What the cap counts: money, tokens, calls. */
  readonly dimension?: string | null;
  readonly cap_usd?: number | null;
  readonly spend_usd?: number | null;
  readonly held_usd?: number | null;
  /** When room returns, ISO 8601 in UTC; `null`: never. */
  readonly resets_at?: string | null;
  /** The whole error, with `reveal: 'all'` only. */
  readonly budget?: Readonly<Record<string, unknown>>;
}

/** What of an error the caller may see. */
export interface AnswerTerms {
  readonly settings: Pick<CapsSettings<never>, 'refusalStatus' | 'missingStatus' | 'reveal'>;
  /** The caller's own scopes: `customer:acme`. */
  readonly own: ReadonlySet<string>;
  /** The status, where the door itself says no. */
  readonly status?: number;
}

/** Headers of everything that is about a caller's money. */
export const PRIVATE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
};

/**
 * An error of this package as an honest answer: a cap refusal as `refusalStatus`, a missing scope
 * as `missingStatus`, a failed store as 503, all else as 500. `x-should-retry: false` keeps the
 * Anthropic and OpenAI clients from sending the request again.
 */
export function answerTo(error: HardcapError, terms: AnswerTerms): CapsAnswer {
  const status = terms.status ?? statusOf(error, terms);
  const headers: Record<string, string> = { ...PRIVATE_HEADERS, 'x-should-retry': 'false' };
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return { status, headers, body: { type: 'error', error: errorBody(error, status, terms) } };
}

function statusOf(error: HardcapError, { settings }: AnswerTerms): number {
  if (error instanceof BudgetCapError) return settings.refusalStatus;
  if (error.code === 'SCOPE_MISSING') return settings.missingStatus;
  return error.kind === 'operation' ? 503 : 500;
}

function errorBody(error: HardcapError, status: number, terms: AnswerTerms): CapsAnswerError {
  const { reveal } = terms.settings;
  const base = { type: error.kind, code: error.code, retryable: false } as const;
  if (reveal === 'all') {
    const budget = error.toJSON();
    const figures = error instanceof BudgetCapError ? figuresOf(error) : {};
    return { ...base, message: error.message, ...figures, budget };
  }
  if (!(error instanceof BudgetCapError)) return { ...base, message: plainMessage(status) };
  if (reveal === 'own' && terms.own.has(error.scope)) {
    return { ...base, message: ownMessage(error), ...figuresOf(error) };
  }
  const hidden = { scope: null, window: null, dimension: null } as const;
  const amounts = { cap_usd: null, spend_usd: null, held_usd: null } as const;
  const message = `${sharedReason(error)} ${resetSentence(error)}`;
  return { ...base, message, ...hidden, ...amounts, resets_at: error.resets_at };
}

function figuresOf(error: BudgetCapError) {
  const { scope, window, dimension, cap_usd, spend_usd, held_usd, resets_at } = error;
  return { scope, window, dimension, cap_usd, spend_usd, held_usd, resets_at };
}

function plainMessage(status: number): string {
  if (status === 400) return 'This request names its owner in a form that is not accepted.';
  if (status === 401 || status === 403) return 'This request does not say whose it is.';
  if (status === 503) return 'This service cannot account for the request now.';
  return 'This service could not complete the request.';
}

/** Figures of the caller's own account; nothing of the model or of what a call costs. */
function ownMessage(error: BudgetCapError): string {
  const [account] = error.accounts;
  const per = error.window === 'lifetime' ? '' : ` per ${error.window}`;
  switch (error.dimension) {
    case 'usd': {
      const cap = usdText(error.cap_usd ?? 0);
      const [spent, held] = [usdText(error.spend_usd), usdText(error.held_usd)];
      return (
        `${error.scope} has ${spent} spent and ${held} held of its ${cap} cap${per}, which ` +
        `leaves too little for this request. ${resetSentence(error)}`
      );
    }
    case 'tokens':
    case 'calls': {
      const cap = error.dimension === 'tokens' ? account?.cap_tokens : account?.cap_calls;
      return (
        `${error.scope} has too little left of ${String(cap)} ${error.dimension}${per} for this ` +
        `request. ${resetSentence(error)}`
      );
    }
    case 'identical':
    case 'depth':
    case 'fanOut':
      return `${sharedReason(error)} ${resetSentence(error)}`;
  }
}

function sharedReason({ dimension }: BudgetCapError): string {
  return dimension === 'usd' || dimension === 'tokens' || dimension === 'calls'
    ? 'A spending cap of this service leaves too little for this request.'
    : 'A cap on requests that repeat or call each other is reached.';
}

function resetSentence({ accounts, resets_at: at }: BudgetCapError): string {
  if (accounts[0]?.fits_when_empty === false) return 'It is larger than the whole cap.';
  return at === null ? 'The cap does not reset.' : `Room returns at ${at}.`;
}

function usdText(usd: number): string {
  const amount = nanoUsdFromUsd(usd);
  return amount === undefined ? `$${usd}` : formatUsd(amount);
}

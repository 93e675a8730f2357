/** hardcap: caps on LLM spend that hold. Exports in the order of a call's life. */
export { BudgetGuard, type Check, type Guard, type GuardPorts } from './guard/guard.ts';
export type { BudgetGuardConfig, CapConfig, PriceOverride } from './policy/config.ts';
export type { Scopes } from './policy/scope.ts';

export { wrapAnthropic } from './adapters/anthropic.ts';
export { wrapOpenAI } from './adapters/openai.ts';
export { guardedFetch, type GuardedFetchOptions } from './adapters/fetch.ts';
export { refusalOfResponse } from './adapters/refusal.ts';

export type { Call } from './guard/call.ts';
export { Reservation } from './guard/reservation.ts';
export type { AccountBalance } from './guard/balance.ts';
export type {
  AttemptOutcome,
  DriftEvent,
  DrawEvent,
  GuardEventName,
  GuardEvents,
  OverdrawnEvent,
  RefusedEvent,
  ReservedEvent,
  SettledEvent,
  ThresholdEvent,
  Unsubscribe,
} from './guard/events.ts';
export type { Usage, UsageLine } from './meter/usage.ts';

export { BudgetCapError, type CapAccountJson } from './errors/budget-cap-error.ts';
export {
  ConfigError,
  HardcapError,
  IntegrityError,
  MisuseError,
  OperationError,
  RefusalError,
} from './errors/error.ts';
export { ERROR_TABLE, type ErrorCode, type ErrorKind } from './errors/codes.ts';

export type { Ledger } from './ledger/ledger.ts';
export { createMemoryLedger } from './stores/memory/books/memory-ledger.ts';
export { createPriceBook, type PriceBook } from './pricing/price-book.ts';
export type { PriceCard } from './pricing/price-card.ts';

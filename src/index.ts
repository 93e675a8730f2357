/** hardcap: caps on LLM spend that hold. Exports in the order of a call's life. */
export { BudgetGuard, type Check, type Guard, type GuardPorts } from './guard/guard.ts';
export type { BudgetGuardConfig, CapConfig, PriceOverride } from './policy/config.ts';
export type { CallOptions } from './policy/call-options.ts';
export type { ExpectConfig, OnStreamShort } from './policy/expect.ts';
export type { OnShort, Strategy } from './policy/on-short.ts';
export type { Scopes } from './policy/scope.ts';

export { wrapAnthropic } from './adapters/anthropic.ts';
export { wrapOpenAI } from './adapters/openai.ts';
export { guardedFetch, type GuardedFetchOptions } from './adapters/fetch.ts';
export { refusalOfResponse } from './adapters/refusal.ts';

export type { Call } from './guard/call.ts';
export { Budget, affine, type BudgetMut, type BudgetView } from './budget/budget.ts';
export type { BudgetAmounts } from './budget/budget-amounts.ts';
export { BudgetMint, type BudgetLeak, type MintAudit } from './budget/mint.ts';
export type { BudgetHold } from './budget/hold.ts';
export { Slot } from './budget/slot.ts';
export { withBudget, type Once } from './budget/with-budget.ts';
export { traceMoves } from './budget/move.ts';
export type { RunScopes } from './guard/budgets/budget-scopes.ts';

export { Reservation } from './guard/reservation.ts';
export type { AccountBalance } from './guard/balance.ts';
export { ADAPTATION, type Adaptation } from './guard/near-cap/adaptation.ts';
export type {
  AdaptedEvent,
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

export { HandleSpentError, type HandleUse } from './errors/handle-spent-error.ts';
export {
  BudgetCapError,
  type CapAccountJson,
  type CapDimension,
} from './errors/budget-cap-error.ts';
export type { LoopPattern } from './errors/loop-shortfall.ts';
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

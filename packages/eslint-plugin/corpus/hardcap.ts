/** What the programs import as `hardcap`: the public names of this work tree. */
export { Budget, type affine, type BudgetMut, type BudgetView } from '../../../src/budget/budget.ts';
export type { BudgetAmounts } from '../../../src/budget/budget-amounts.ts';
export type { BudgetHold } from '../../../src/budget/hold.ts';
export { BudgetMint } from '../../../src/budget/mint.ts';
export { Slot } from '../../../src/budget/slot.ts';
export { withBudget, type Once } from '../../../src/budget/with-budget.ts';
export { BudgetCapError } from '../../../src/errors/budget-cap-error.ts';
export { HardcapError, RefusalError } from '../../../src/errors/error.ts';
export { HandleSpentError } from '../../../src/errors/handle-spent-error.ts';
export { BudgetGuard, type Guard } from '../../../src/guard/guard.ts';
export type { Call } from '../../../src/guard/call.ts';
export { Reservation } from '../../../src/guard/reservation.ts';
export { wrapAnthropic } from '../../../src/adapters/anthropic.ts';
export { wrapOpenAI } from '../../../src/adapters/openai.ts';
export { guardedFetch } from '../../../src/adapters/fetch.ts';
export { refusalOfResponse } from '../../../src/adapters/refusal.ts';

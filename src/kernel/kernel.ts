/**
 * The deterministic accounting kernel, `hardcap/kernel`: given what was spent and what is allowed,
 * may the next thing happen?
 *
 * It reads no clock, does no I/O, starts nothing, keeps no global state and allocates nothing on a
 * charge. The same calls give the same verdicts on every machine.
 */

export { Budget } from './budget.ts';
export { Arena, type ArenaOptions, type BudgetHandle } from './arena.ts';
export type { BudgetBuilder } from './budget-builder.ts';

export {
  ALL,
  BYTES,
  CALLS,
  CUSTOM_0,
  CUSTOM_1,
  CUSTOM_2,
  indexOf,
  isDimension,
  MAX_DIMS,
  MEMORY,
  MILLIS,
  nameOf,
  TOKENS,
  type Dimension,
  type DimensionName,
} from './dimension.ts';

export type { Costs } from './charge.ts';

export {
  CONTINUE,
  dimensionOf,
  exhausted,
  isContinuing,
  isExhausted,
  isWarn,
  warn,
  worst,
  type Verdict,
} from './verdict.ts';

export type { Snapshot } from './state.ts';

export { AMOUNT_MAX, fits, isAmount, SATURATED, saturatingAdd } from './arithmetic.ts';

export {
  BuilderError,
  ChargeError,
  KernelError,
  type BuilderErrorCode,
  type ChargeErrorCode,
  type KernelErrorCode,
} from './fault.ts';

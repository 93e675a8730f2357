import type { benchBudget } from './budget.ts';
import type { benchKernel } from './kernel.ts';
import type { benchLedger } from './ledger.ts';
import type { Row } from './table.ts';

type KernelFigures = Awaited<ReturnType<typeof benchKernel>>;
type LedgerFigures = Awaited<ReturnType<typeof benchLedger>>;

type BudgetFigures = ReturnType<typeof benchBudget>['figures'];

const BYTES_PER_MB = 1e6;

/** The kernel's figures, with the ratios to reach where 3 ns are an unchecked add. */
export function kernelRows(kernel: KernelFigures): readonly Row[] {
  const timed = (name: string, key: Exclude<keyof KernelFigures, 'collections'>, goal = '') => {
    const { nsPerOperation, ratioToBaseline } = kernel[key];
    return [name, nsPerOperation.toFixed(2), ratioToBaseline.toFixed(2), goal];
  };
  const { charges, count } = kernel.collections;
  return [
    timed('unchecked add (the measure)', 'baseline'),
    timed('`charge`, continuing', 'chargeContinue', '<= 1.17'),
    timed('`charge`, exhausted', 'chargeExhausted', '<= 1.17'),
    timed('`tryCharge`', 'tryCharge'),
    timed('`tryChargeAll`, 3 dimensions, atomic', 'tryChargeAllThree', '<= 1.20'),
    timed('the same, two amounts varying', 'tryChargeAllThreeVarying'),
    timed('mixed: 8 dimensions, all verdicts, resets', 'mixedEight'),
    [`garbage collections in ${charges.toExponential()} charges`, String(count), '', '0'],
  ];
}

/** The ledger's figures, with the memory to reach. */
export function ledgerRows(ledger: LedgerFigures): readonly Row[] {
  const us = (ns: number) => `${(ns / 1000).toFixed(2)} us`;
  const { pairNs, pairNsByLive, pairNsSpreadByLive } = ledger;
  return [
    ['reserve + settle, 1 account', us(pairNs.accounts1), ''],
    ['reserve + settle, 4 accounts', us(pairNs.accounts4), ''],
    ['reserve + settle, 8 accounts', us(pairNs.accounts8), ''],
    ['the same, 4 accounts, 100 live', us(pairNsByLive.live100), ''],
    ['the same, 4 accounts, 1,000,000 live', us(pairNsByLive.live1e6), 'unchanged'],
    ['another customer each time, 100 live', us(pairNsSpreadByLive.live100), ''],
    ['another customer each time, 1,000,000 live', us(pairNsSpreadByLive.live1e6), ''],
    [
      'memory of 1,000,000 live accounts',
      `${((ledger.bytesPerAccount * 1e6) / BYTES_PER_MB).toFixed(0)} MB`,
      '<= 200 MB',
    ],
    ['opening a new account', us(ledger.openAccountNs), ''],
  ];
}

/** The heads of the columns of `budgetRows`. */
export const BUDGET_HEAD: Row = ['operation', 'ns', 'bytes', 'ns, no places', 'bytes, no places'];

/** The figures of affine budgets, with and without the places where handles were used up. */
export function budgetRows(budget: BudgetFigures): readonly Row[] {
  return budget.map(({ operation, traced, untraced }) => [
    operation,
    ...[traced, untraced].flatMap(({ ns, bytes }) => [ns.toFixed(0), bytes.toFixed(0)]),
  ]);
}

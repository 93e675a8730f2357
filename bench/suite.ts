import { benchBound } from './bound.ts';
import { benchBudget } from './budget.ts';
import { benchDecision } from './decision.ts';
import { benchKernel } from './kernel.ts';
import { benchLedger } from './ledger.ts';
import { benchMeter } from './meter.ts';
import { benchRegister, benchRegisterProcess } from './register.ts';
import { benchSharedProcess } from './shared-process.ts';
import { benchShared } from './shared.ts';

/** One suite, by name, in a process of its own: prints its figures as JSON on the last line. */
const suites: Readonly<Record<string, () => unknown>> = {
  kernel: benchKernel,
  ledger: benchLedger,
  bound: benchBound,
  decision: benchDecision,
  meter: benchMeter,
  budget: benchBudget,
  shared: benchShared,
  register: benchRegister,
  // Not a suite of its own: one process of `register`.
  'register-process': benchRegisterProcess,
  // Not a suite of its own: one process of `shared`.
  'shared-process': benchSharedProcess,
};

const suite = suites[process.argv[2] ?? ''];
if (suite === undefined) throw new Error(`Name one of ${Object.keys(suites).join(', ')}.`);
console.log(JSON.stringify(await suite()));

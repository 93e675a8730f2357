// The handle is deep in a literal that lives on.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const plan = {
    name: 'nightly',
    jobs: [{ task: 'draft', money: { own: budget } }], // ! no-alias
  };
  console.log(plan.name);
  plan.jobs[0]?.money.own.close();
}

// A jump to the outer loop skips the line that puts the rest back.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  outer: for (const usd of [1, 2]) {
    const rest = budget.spend({ usd }); // ! no-use-after-move
    for (const word of ['go', 'skip']) {
      if (word === 'skip') {
        rest.close();
        continue outer;
      }
    }
    budget = rest;
  }
  budget.close(); // ! no-use-after-move
}

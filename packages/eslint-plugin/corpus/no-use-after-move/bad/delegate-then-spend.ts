// The parent spends on its old handle after it delegated.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const parent = Budget.create(mint, { usd: 10 });
  const [child, rest] = parent.delegate({ usd: 2 }, 'child');
  const own = parent.spend({ usd: 1 }); // ! no-use-after-move
  child.close();
  rest.close();
  own.close();
}

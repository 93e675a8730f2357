// A split leaves two parts; the whole is charged all the same.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const whole = Budget.create(mint, { usd: 5 });
  const [part, rest] = whole.split({ usd: 2 }, 'part');
  whole.charge({ usd: 1 }); // ! no-use-after-move
  part.close();
  rest.close();
}

// Two variables change places; each handle still has one name.
// hard: in the middle each handle is in an array and in a variable.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let day = Budget.create(mint, { usd: 5 });
  let night = Budget.create(mint, { usd: 3 });
  [day, night] = [night, day];
  day.close();
  night.close();
}

// What a part has left goes back into the rest.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let [part, rest] = Budget.create(mint, { usd: 5 }).split({ usd: 2 });
  part = part.spend({ usd: 1 });
  rest = rest.merge(part);
  rest.close();
}

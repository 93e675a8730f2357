// Views of shares are looked at together before the shares move.
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const lines = [1, 2].map((usd) => {
    const share = budget.carve({ usd });
    const line = show(share);
    share.close();
    return line;
  });
  console.log(lines.join('\n'));
  budget.close();
}

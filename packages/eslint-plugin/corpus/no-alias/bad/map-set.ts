// A map by customer keeps the handle; a slot should.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const byCustomer = new Map<string, Budget>();
  const budget = Budget.create(mint, { usd: 5 });
  byCustomer.set('acme', budget); // ! no-alias
  byCustomer.get('acme')?.close();
  byCustomer.get('acme')?.close();
}

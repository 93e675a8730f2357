/** The agents that the programs hand budgets to. Their parameter types say who owns what. */
import type { Budget, BudgetMut, BudgetView } from 'hardcap';

/** What has left the process so far. */
export const wire = { sent: 0 };

/** One request to a model. */
export async function callModel(prompt: string): Promise<string> {
  wire.sent += 1;
  await Promise.resolve();
  return `answer to ${prompt}`;
}

/** Takes the budget over, makes one call from it, and closes it. */
export async function runAgent(budget: Budget, task: string): Promise<string> {
  const rest = budget.spend({ usd: 0.5 });
  try {
    return await callModel(task);
  } finally {
    rest.close();
  }
}

/** Takes the budget over, makes one call from it, and gives back what is left. */
export async function step(budget: Budget, task: string): Promise<Budget> {
  const rest = budget.spend({ usd: 0.5 });
  await callModel(task);
  return rest;
}

/** Borrows the budget for one call. */
export async function ask(budget: BudgetMut, prompt: string): Promise<string> {
  budget.charge({ usd: 0.5 });
  return callModel(prompt);
}

/** Takes the budget over and ends it. */
export function finish(budget: Budget): void {
  budget.close();
}

/** Looks at the budget. */
export function show(view: BudgetView): string {
  return `${view.name}: ${view.remaining.usd ?? 0} left`;
}

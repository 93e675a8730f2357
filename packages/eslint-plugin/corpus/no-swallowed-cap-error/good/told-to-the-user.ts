// The refusal becomes an answer that says when to come back.
import { BudgetCapError, type Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<string> {
  try {
    return await guard.run({ customer: 'acme' }, work);
  } catch (error) {
    if (!(error instanceof BudgetCapError)) throw error;
    return `No more today: ${error.message} Come back in ${error.retry_after ?? 0} s.`;
  }
}

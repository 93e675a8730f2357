// The refusal is known by its class, and dropped.
import { BudgetCapError, type Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<string> {
  try {
    return await guard.run({ customer: 'acme' }, work);
  } catch (error) { // ! no-swallowed-cap-error
    if (error instanceof BudgetCapError) return '';
    throw error;
  }
}

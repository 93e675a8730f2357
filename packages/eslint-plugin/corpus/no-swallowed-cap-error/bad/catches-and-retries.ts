// The refusal is known by its class, and tried again a second later.
import { BudgetCapError, type Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<string> {
  try {
    return await guard.run({ customer: 'acme' }, work);
  } catch (error) { // ! no-swallowed-cap-error
    if (!(error instanceof BudgetCapError)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return main(guard, work);
  }
}

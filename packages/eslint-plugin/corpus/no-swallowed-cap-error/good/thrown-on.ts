// The refusal is thrown on, the rest is tried again.
import { BudgetCapError, type Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await guard.run({ customer: 'acme' }, work);
    } catch (error) {
      if (error instanceof BudgetCapError || attempt === 2) throw error;
    }
  }
}

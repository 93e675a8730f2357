// The refused task is skipped, and the next asks at once.
import { BudgetCapError, type Call, type Guard } from 'hardcap';

export async function main(guard: Guard, calls: readonly Call[]): Promise<void> {
  for (const call of calls) {
    try {
      using reservation = guard.reserve(call);
      reservation.settle(undefined);
    } catch (error) { // ! no-swallowed-cap-error
      if (error instanceof BudgetCapError) continue;
      throw error;
    }
  }
}

// Each turn ends its own reservation.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, calls: readonly Call[]): Promise<void> {
  for (const call of calls) {
    const reservation = guard.reserve(call);
    const answer = await callModel('draft').catch(() => undefined);
    if (answer === undefined) {
      reservation.settle(undefined);
      continue;
    }
    reservation.settle({ output_tokens: answer.length });
  }
}

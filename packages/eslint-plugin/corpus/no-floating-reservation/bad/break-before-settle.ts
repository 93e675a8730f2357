// The loop is left between the request and the settlement.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, calls: readonly Call[]): Promise<void> {
  for (const call of calls) {
    const reservation = guard.reserve(call); // ! no-floating-reservation
    const answer = await callModel('draft');
    if (answer.endsWith('done')) break;
    reservation.settle({ output_tokens: 5 });
  }
}

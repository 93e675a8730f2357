// An empty answer returns before the settlement.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<string> {
  const reservation = guard.reserve(call); // ! no-floating-reservation
  const answer = await callModel('draft');
  if (answer === '') return 'nothing';
  reservation.settle({ input_tokens: 10, output_tokens: 5 });
  return answer;
}

// `using` closes the reservation as spent wherever the function ends.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<string> {
  using reservation = guard.reserve(call);
  const answer = await callModel('draft');
  if (answer === '') return 'nothing';
  reservation.settle({ input_tokens: 10, output_tokens: 5 });
  return answer;
}

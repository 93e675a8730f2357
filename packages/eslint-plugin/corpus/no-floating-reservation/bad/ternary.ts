// One arm settles, the other says nothing.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<void> {
  const reservation = guard.reserve(call); // ! no-floating-reservation
  const answer = await callModel('draft');
  const note = answer === '' ? 'empty' : reservation.settle({ output_tokens: 5 });
  console.log(note);
}

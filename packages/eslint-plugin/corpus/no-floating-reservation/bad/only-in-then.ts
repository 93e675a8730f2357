// `then` settles, a rejection does not.
// hard: the two ends of a promise are two closures.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<void> {
  const reservation = guard.reserve(call); // ! no-floating-reservation
  await callModel('draft')
    .then(() => reservation.settle({ output_tokens: 5 }))
    .catch(() => console.log('failed'));
}

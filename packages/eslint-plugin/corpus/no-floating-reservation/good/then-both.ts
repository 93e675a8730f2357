// `then` with a callback for each end of the promise: exactly one of them runs.
// hard: two closures carry the reservation, and that only one runs is the promise's word.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<void> {
  const reservation = guard.reserve(call);
  await callModel('draft').then(
    () => reservation.settle({ output_tokens: 5 }),
    () => reservation.settle(undefined),
  );
}

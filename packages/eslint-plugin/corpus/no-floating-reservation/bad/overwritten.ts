// The reservation of the first attempt is overwritten by that of the second.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<void> {
  let reservation = guard.reserve(call);
  const answer = await callModel('draft');
  if (answer === '') {
    reservation = guard.reserve(call); // ! no-floating-reservation
    await callModel('again');
  }
  reservation.settle(undefined);
}

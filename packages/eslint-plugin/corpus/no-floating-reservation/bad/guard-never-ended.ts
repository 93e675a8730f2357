// The request leaves and its reservation stays open.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<string> {
  const reservation = guard.reserve(call); // ! no-floating-reservation
  console.log(reservation.held_usd);
  return callModel('draft');
}

// The refusal is handled, the reservation is not.
import { type Call, type Guard, HardcapError } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<string> {
  const held = guard.tryReserve(call); // ! no-floating-reservation
  if (held instanceof HardcapError) return held.message;
  return callModel(`with ${held.held_usd}`);
}

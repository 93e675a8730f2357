// An awaited reservation that nobody binds.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<string> {
  await guard.reserveAsync(call); // ! no-floating-reservation
  return callModel('draft');
}

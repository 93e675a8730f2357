// The reservation is handed to the function that sends.
import type { Call, Guard, Reservation } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<string> {
  return send(await guard.reserveAsync(call));
}

async function send(reservation: Reservation): Promise<string> {
  using held = reservation;
  const answer = await callModel(held.id);
  held.settle({ output_tokens: 5 });
  return answer;
}

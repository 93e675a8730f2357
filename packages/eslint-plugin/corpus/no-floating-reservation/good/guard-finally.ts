// Settled at what is known, `undefined` included, on every way out.
import type { Call, Guard } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<string> {
  const reservation = guard.reserve(call);
  let usage: { output_tokens: number } | undefined;
  try {
    const answer = await callModel('draft');
    usage = { output_tokens: answer.length };
    return answer;
  } finally {
    reservation.settle(usage);
  }
}

// The refusal is a value; what is no refusal is settled.
import { type Call, type Guard, HardcapError } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function main(guard: Guard, call: Call): Promise<string> {
  const held = guard.tryReserve(call);
  if (held instanceof HardcapError) return held.message;
  const answer = await callModel('draft');
  held.settle({ output_tokens: 5 });
  return answer;
}

// `wrapAnthropic` returns the guarded client; here nobody takes it.
import Anthropic from '@anthropic-ai/sdk';
import { type Guard, wrapAnthropic } from 'hardcap';

export function main(guard: Guard): Anthropic {
  const client = new Anthropic(); // ! no-unguarded-client
  wrapAnthropic(client, guard);
  return client;
}

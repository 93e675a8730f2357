// Nobody takes what `wrapAnthropic` returns: it is the client it was given, guarded in place.
// It was labelled bad at first, as if the guarded client were another one; the runtime says no.
import Anthropic from '@anthropic-ai/sdk';
import { type Guard, wrapAnthropic } from 'hardcap';

export function main(guard: Guard): Anthropic {
  const client = new Anthropic();
  wrapAnthropic(client, guard);
  return client;
}

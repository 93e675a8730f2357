// The client is wrapped where it is made.
import Anthropic from '@anthropic-ai/sdk';
import { type Guard, wrapAnthropic } from 'hardcap';

export function main(guard: Guard): Anthropic {
  return wrapAnthropic(new Anthropic(), guard, { feature: 'chat' });
}

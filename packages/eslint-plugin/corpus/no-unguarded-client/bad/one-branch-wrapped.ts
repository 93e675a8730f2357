// In tests the client is wrapped, in production it is not.
import Anthropic from '@anthropic-ai/sdk';
import { type Guard, wrapAnthropic } from 'hardcap';

export function client(guard: Guard, isTest: boolean): Anthropic {
  return isTest ? wrapAnthropic(new Anthropic(), guard) : new Anthropic(); // ! no-unguarded-client
}

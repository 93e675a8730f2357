// The AI SDK sends through a guarded fetch.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { type Guard, guardedFetch } from 'hardcap';

export function main(guard: Guard) {
  const fetch = guardedFetch(guard);
  return { openai: createOpenAI({ fetch }), anthropic: createAnthropic({ fetch }) };
}

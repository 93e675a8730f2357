// The client sends through a guarded fetch.
import OpenAI from 'openai';
import { type Guard, guardedFetch } from 'hardcap';

export function main(guard: Guard): OpenAI {
  return new OpenAI({ fetch: guardedFetch(guard) });
}

// A function makes the client, and its caller wraps what it gets.
// hard: the wrapping is in another function.
import OpenAI from 'openai';
import { type Guard, wrapOpenAI } from 'hardcap';

function made(): OpenAI {
  return new OpenAI({ maxRetries: 0 });
}

export function main(guard: Guard): OpenAI {
  return wrapOpenAI(made(), guard);
}

// A provider of the AI SDK with its own fetch.
import { createOpenAI } from '@ai-sdk/openai';

export const openai = createOpenAI({ apiKey: 'key' }); // ! no-unguarded-client

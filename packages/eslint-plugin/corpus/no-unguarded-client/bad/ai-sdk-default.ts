// The ready-made provider of the AI SDK, which nobody can guard.
import { anthropic } from '@ai-sdk/anthropic';

export const model = anthropic('claude-opus-4-5'); // ! no-unguarded-client

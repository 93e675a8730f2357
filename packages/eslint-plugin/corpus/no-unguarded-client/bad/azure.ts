// The Azure class is an OpenAI client like the other.
import { AzureOpenAI } from 'openai';

export function main(): AzureOpenAI {
  return new AzureOpenAI({ apiVersion: '2025-04-01-preview' }); // ! no-unguarded-client
}

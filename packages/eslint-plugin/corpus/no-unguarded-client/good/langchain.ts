// LangChain passes the fetch on to the client that it makes.
import { ChatOpenAI } from '@langchain/openai';
import { type Guard, guardedFetch } from 'hardcap';

export function main(guard: Guard): ChatOpenAI {
  const configuration = { fetch: guardedFetch(guard) };
  return new ChatOpenAI({ model: 'gpt-5', maxTokens: 100, configuration });
}

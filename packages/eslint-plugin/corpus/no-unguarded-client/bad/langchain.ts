// A chat model of LangChain makes a client of its own.
import { ChatOpenAI } from '@langchain/openai';

export const model = new ChatOpenAI({ model: 'gpt-5', maxTokens: 100 }); // ! no-unguarded-client

// The class has another name here.
import { OpenAI as Client } from 'openai';

export const client = new Client(); // ! no-unguarded-client

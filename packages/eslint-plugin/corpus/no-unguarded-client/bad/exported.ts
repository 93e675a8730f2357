// A module that exports the bare client to the whole program.
import OpenAI from 'openai';

export const openai = new OpenAI(); // ! no-unguarded-client

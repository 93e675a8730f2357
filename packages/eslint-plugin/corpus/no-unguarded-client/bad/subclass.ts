// A subclass of the provider's class.
import OpenAI from 'openai';

class CompanyClient extends OpenAI {}

export const client = new CompanyClient(); // ! no-unguarded-client

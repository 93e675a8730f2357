// `fetch` is the name of a guarded one here.
import { type Guard, guardedFetch } from 'hardcap';

export async function main(guard: Guard, body: string): Promise<Response> {
  const fetch = guardedFetch(guard);
  return fetch('https://api.openai.com/v1/responses', { method: 'POST', body });
}

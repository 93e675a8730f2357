// A raw request through the guarded fetch.
import { type Guard, guardedFetch } from 'hardcap';

export async function main(guard: Guard, body: string): Promise<Response> {
  const send = guardedFetch(guard);
  return send('https://api.anthropic.com/v1/messages', { method: 'POST', body });
}

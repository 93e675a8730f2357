// A `Request` with the provider's address in a `URL`.
export async function main(body: string): Promise<Response> {
  const url = new URL('/v1/messages', 'https://api.anthropic.com');
  const request = new Request(url, { method: 'POST', body });
  return fetch(request); // ! no-unguarded-client
}

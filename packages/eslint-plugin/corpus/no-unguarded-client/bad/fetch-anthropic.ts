// A raw request to the provider's host.
export async function main(key: string): Promise<Response> {
  return fetch('https://api.anthropic.com/v1/messages', { // ! no-unguarded-client
    method: 'POST',
    headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'claude-opus-4-5', max_tokens: 50, messages: [] }),
  });
}

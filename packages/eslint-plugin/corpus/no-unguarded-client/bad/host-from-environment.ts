// The host comes from the environment.
// hard: nothing in the code says that it is a provider's.
export async function main(body: string): Promise<Response> {
  return fetch(`${process.env['MODEL_HOST']}/v1/messages`, { method: 'POST', body }); // ! no-unguarded-client
}

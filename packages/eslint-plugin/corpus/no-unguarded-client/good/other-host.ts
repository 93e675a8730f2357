// A request to a host that is no provider.
export async function main(): Promise<unknown> {
  const page = await fetch('https://example.com/api.openai.com.html');
  const docs = await fetch('https://docs.anthropic.com/en/api/messages');
  return [page.status, docs.status];
}

// Only an error that is no refusal is dropped.
import type { Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<unknown> {
  try {
    return JSON.parse(await guard.run({ customer: 'acme' }, work));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

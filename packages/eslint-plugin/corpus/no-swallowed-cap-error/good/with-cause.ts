// The refusal is the cause of what is thrown instead.
import type { Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<string> {
  try {
    return await guard.run({ customer: 'acme' }, work);
  } catch (error) {
    throw new Error('The report was not written.', { cause: error });
  }
}

// The error is handed to whoever decides.
import type { Guard } from 'hardcap';

export async function main(
  guard: Guard,
  work: () => Promise<string>,
  onError: (error: unknown) => string,
): Promise<string> {
  try {
    return await guard.run({ customer: 'acme' }, work);
  } catch (error) {
    return onError(error);
  }
}

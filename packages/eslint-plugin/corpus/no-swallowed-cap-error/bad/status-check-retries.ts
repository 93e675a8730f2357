// The status of a refusal, 402, is read as one that is worth another try.
import type { Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<string> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      return await guard.run({ customer: 'acme' }, work);
    } catch (error) { // ! no-swallowed-cap-error
      const status = error instanceof Error && 'status' in error ? error.status : 0;
      if (typeof status === 'number' && status < 400) throw error;
    }
  }
  return '';
}

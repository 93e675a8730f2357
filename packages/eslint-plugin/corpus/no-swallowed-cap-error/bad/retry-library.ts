// A retry function gets a callback whose refusal it tries again.
// hard: that the function retries is in its name only.
import type { Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<string> {
  return withRetries(() => guard.run({ customer: 'acme' }, work), 3); // ! no-swallowed-cap-error
}

async function withRetries<T>(work: () => Promise<T>, times: number): Promise<T> {
  return work().catch(async (error: unknown) => {
    if (times === 0) throw error;
    return withRetries(work, times - 1);
  });
}

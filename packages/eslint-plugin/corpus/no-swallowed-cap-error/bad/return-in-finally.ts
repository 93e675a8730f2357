// A `return` in `finally` drops whatever was thrown.
import type { Guard } from 'hardcap';

export async function main(guard: Guard, work: () => Promise<string>): Promise<string> {
  let answer = '';
  try {
    answer = await guard.run({ customer: 'acme' }, work);
  } finally {
    return answer; // ! no-swallowed-cap-error
  }
}

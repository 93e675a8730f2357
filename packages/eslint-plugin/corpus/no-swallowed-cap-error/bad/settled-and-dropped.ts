// `allSettled` collects refusals that nobody reads.
// hard: a dropped result is not a catch.
import type { Guard } from 'hardcap';

export async function main(guard: Guard, works: readonly (() => Promise<string>)[]) {
  await Promise.allSettled(works.map((work) => guard.run({ customer: 'acme' }, work))); // ! no-swallowed-cap-error
}

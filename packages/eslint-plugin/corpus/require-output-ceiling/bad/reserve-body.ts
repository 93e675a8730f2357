// A reservation by hand, for a body without a ceiling.
import type { Guard } from 'hardcap';

export function main(guard: Guard): void {
  using reservation = guard.reserve({ // ! require-output-ceiling
    provider: 'openai',
    route: 'responses',
    body: { model: 'gpt-5', input: 'Hello' },
  });
  reservation.settle(undefined);
}

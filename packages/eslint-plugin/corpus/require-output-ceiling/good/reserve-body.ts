// A reservation by hand, with the ceiling that the body names.
import type { Guard } from 'hardcap';

export function main(guard: Guard): void {
  using reservation = guard.reserve({
    provider: 'anthropic',
    body: { model: 'claude-opus-4-5', max_tokens: 100, messages: [] },
  });
  reservation.settle(undefined);
}

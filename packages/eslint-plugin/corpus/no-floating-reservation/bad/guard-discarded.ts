// A reservation of the guard in a statement of its own.
import type { Call, Guard } from 'hardcap';

export function main(guard: Guard, call: Call): void {
  guard.reserve(call); // ! no-floating-reservation
}

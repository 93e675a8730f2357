// `void` does not end a reservation.
import type { Call, Guard } from 'hardcap';

export function main(guard: Guard, call: Call): void {
  void guard.reserve(call); // ! no-floating-reservation
}

// The refusal becomes an error that retry code takes for a failure of the network.
import type { Call, Guard } from 'hardcap';

export async function main(guard: Guard, call: Call): Promise<void> {
  try {
    using reservation = guard.reserve(call);
    reservation.settle(undefined);
  } catch { // ! no-swallowed-cap-error
    throw new Error('The model is not available, try again.');
  }
}

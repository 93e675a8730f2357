// One ticket of another library for every guest.
// runtime: throws
import { admit, Ticket } from '../../vendor.ts';

export function run(): string {
  const ticket = new Ticket();
  return ['Ada', 'Bo'].map((guest) => `${guest}: ${admit(ticket)}`).join(); // ! no-fan-out
}

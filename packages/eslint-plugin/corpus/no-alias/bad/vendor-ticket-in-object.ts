// A ticket of another library is kept in an object and torn up by its own name.
// runtime: throws
import { Ticket } from '../../vendor.ts';

export function run(): string {
  const ticket = new Ticket();
  const guest = { name: 'Ada', ticket }; // ! no-alias
  ticket.tear();
  return guest.ticket.redeem();
}

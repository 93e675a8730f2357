// A method that does not move is still a use of what was moved.
// runtime: throws
import { Ticket } from '../../vendor.ts';

export function run(): string {
  const ticket = new Ticket();
  ticket.tear();
  return ticket.seat(); // ! no-use-after-move
}

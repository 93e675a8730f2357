// A ticket passed to a parameter of an affine type is gone.
// runtime: throws
import { admit, Ticket } from '../../vendor.ts';

export function run(): string {
  const ticket = new Ticket();
  const answer = admit(ticket);
  ticket.tear(); // ! no-use-after-move
  return answer;
}

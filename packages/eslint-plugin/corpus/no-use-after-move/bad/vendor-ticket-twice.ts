// An affine class of another library: its brand lists `redeem`.
// runtime: throws
import { Ticket } from '../../vendor.ts';

export function run(): string {
  const ticket = new Ticket();
  const first = ticket.redeem();
  return first + ticket.redeem(); // ! no-use-after-move
}

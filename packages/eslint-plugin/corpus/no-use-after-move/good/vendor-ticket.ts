// A ticket of another library, looked at and used once.
import { admit, Ticket } from '../../vendor.ts';

export function run(): string {
  const ticket = new Ticket();
  const seat = ticket.seat();
  return `${seat}: ${admit(ticket)}`;
}

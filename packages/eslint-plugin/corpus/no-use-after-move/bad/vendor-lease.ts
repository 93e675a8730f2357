// An affine interface of another library: `renew` returns the next lease.
// runtime: throws
import { type Lease, openLease } from '../../vendor.ts';

export function run(): void {
  const lease: Lease = openLease();
  const next = lease.renew();
  lease.end(); // ! no-use-after-move
  next.end();
}

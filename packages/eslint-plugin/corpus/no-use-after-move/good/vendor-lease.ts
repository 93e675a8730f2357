// The linear idiom with an affine type of another library.
import { type Lease, openLease } from '../../vendor.ts';

export function run(): void {
  let lease: Lease = openLease();
  for (let year = 0; year < 3; year++) {
    console.log(lease.days);
    lease = lease.renew();
  }
  lease.end();
}

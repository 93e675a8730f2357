// An affine type that this very file declares.
import type { affine } from 'hardcap';

interface Baton {
  readonly [affine]: 'pass';
  pass(): Baton;
  weigh(): number;
}

export function relay(baton: Baton): [Baton, number] {
  const next = baton.pass();
  return [next, baton.weigh()]; // ! no-use-after-move
}

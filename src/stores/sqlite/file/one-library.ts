import { existsSync, realpathSync } from 'node:fs';
import { unusable } from './failure.ts';

interface Claim {
  /** What the databases of one copy of one driver have in common. */
  readonly library: unknown;
  stores: number;
}

const CLAIMS = new Map<string, Claim>();

/**
 * Notes that the file is open through this library, until the returned function is called. Before
 * it is opened: opening and closing it again would already drop the locks of the other library.
 *
 * Throws `CONFIG_INVALID` while it is open through another one in this process: the locks of two
 * SQLite libraries in one process do not see each other (POSIX gives them to the process), so both
 * would write at once.
 */
export function claimFile(path: string, library: unknown): () => void {
  const place = existsSync(path) ? realpathSync(path) : path;
  const known = CLAIMS.get(place);
  if (known !== undefined && known.library !== library) {
    const reason = 'this process has the file open through another SQLite library';
    throw unusable(path, `${reason}, and their locks do not see each other; use one driver`);
  }
  const claim = known ?? { library, stores: 0 };
  claim.stores += 1;
  CLAIMS.set(place, claim);
  return () => {
    claim.stores -= 1;
    if (claim.stores === 0) CLAIMS.delete(place);
  };
}

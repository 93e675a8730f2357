import { HardcapError, IntegrityError, OperationError } from '../../../errors/error.ts';
import { inTransaction } from './driver.ts';

/** How often a change is sent that PostgreSQL undid to keep transactions apart. */
export const ATTEMPTS_MAX = 8;

const PAUSE_MS_MAX = 50;

/** Undone by the server, whole: serialization failure, deadlock, a row that came first. */
const UNDONE = new Set(['40001', '40P01', '23505']);

/** `must_hold` said no, or a CHECK of the tables did: a bug of ours, and nothing was changed. */
const BROKEN = new Set(['HC001', '23514', '22003', '22P02']);

const IN_TRANSACTION = '2D000';

/** Does `change`, again while the server undoes it; the pause before that is drawn at random. */
export async function retried<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (cause) {
      if (attempt >= ATTEMPTS_MAX || !UNDONE.has(sqlStateOf(cause) ?? '')) throw failureOf(cause);
      const ms = Math.random() * Math.min(PAUSE_MS_MAX, 2 ** attempt);
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }
}

/** The error to throw: final when the books or the client are at fault, else say it again. */
export function failureOf(cause: unknown): HardcapError {
  if (cause instanceof HardcapError) return cause;
  const state = sqlStateOf(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  if (state === IN_TRANSACTION) return inTransaction(cause);
  if (state !== undefined && BROKEN.has(state)) {
    return new IntegrityError(`PostgreSQL (${state}): ${said}`, { cause });
  }
  const code = state === undefined ? '' : ` (${state})`;
  return new OperationError('STORE_UNAVAILABLE', `PostgreSQL did not answer${code}: ${said}`, {
    cause,
  });
}

/** The five characters by which PostgreSQL names an error; `undefined` for any other one. */
export function sqlStateOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined;
  const { code } = cause;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

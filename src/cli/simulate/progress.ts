import type { Stream, World } from '../command.ts';

/** Shows how far something is that takes long. */
export interface Progress {
  step(done: number, total: number): void;
  end(): void;
}

/** What takes less is not worth a line. */
const QUIET_MS = 500;
/** Between two pictures of the bar. */
const REDRAW_MS = 100;
const BAR_CELLS = 24;
const QUARTERS = 4;

/**
 * On a terminal a bar that is drawn over itself; elsewhere a line at each quarter, for logs.
 * Nothing where it is done within half a second.
 */
export function progressOf({ err, clock }: Pick<World, 'err' | 'clock'>, what: string): Progress {
  const started = clock();
  let [drawnAt, quarter, isDrawn] = [0, 0, false];
  return {
    step(done, total) {
      const now = clock();
      if (now - started < QUIET_MS) return;
      if (!err.isTerminal) {
        const reached = Math.floor((QUARTERS * done) / total);
        if (reached > quarter) err.write(`${what}: ${done} of ${total}\n`);
        quarter = reached;
        return;
      }
      if (now - drawnAt < REDRAW_MS && done < total) return;
      drawnAt = now;
      isDrawn = true;
      err.write(`\r${barOf(err, { what, done, total })}`);
    },
    end() {
      if (isDrawn) err.write('\r\u001b[2K');
    },
  };
}

function barOf(
  { paint }: Stream,
  { what, done, total }: { readonly what: string; readonly done: number; readonly total: number },
): string {
  const full = Math.round((BAR_CELLS * done) / total);
  const cells = `${paint.cyan('█'.repeat(full))}${paint.dim('░'.repeat(BAR_CELLS - full))}`;
  return `${what} ${cells} ${Math.floor((100 * done) / total)} % (${done} of ${total})`;
}

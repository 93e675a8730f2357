import { HandleSpentError } from '../errors/handle-spent-error.ts';

let isTracing = true;

/** How a handle was used up: by which operation and where. */
export interface Move {
  readonly by: string;
  /** Holds the stack of the operation; it is written out only when somebody asks. */
  readonly site: Error | undefined;
  /** Frames of that stack that are ours. */
  readonly ownFrames: number;
}

/**
 * Whether moves remember where they happened, so that a late use can name the place. On by default;
 * it costs about a microsecond a move.
 */
export function traceMoves(on: boolean): void {
  isTracing = on;
}

/**
 * Takes down what uses a handle up, and where the caller of that operation stands: `ownFrames` up
 * the stack, this function counted.
 */
export function moveBy(by: string, ownFrames: number): Move {
  if (!isTracing) return { by, site: undefined, ownFrames };
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = ownFrames + 1;
  const site = new Error(by);
  Error.stackTraceLimit = before;
  return { by, site, ownFrames };
}

/** The error for a use that came too late. */
export function lateUse(name: string, operation: string, move: Move): HandleSpentError {
  return new HandleSpentError({
    name,
    operation,
    consumedBy: move.by,
    consumedAt: placeOf(move),
  });
}

function placeOf({ site, ownFrames }: Move): string | undefined {
  const lines = site?.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return lines?.[ownFrames]?.trim();
}

import type { World } from '../command.ts';

/** DEC private modes 1049 (the alternate screen) and 25 (the cursor), as xterm has them. */
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Keys that end the view: q, Q, Escape, and Ctrl+C, which is a key while keys are listened to. */
const QUIT_KEYS = new Set(['q', 'Q', '\u001b', '\u0003']);

/** A full screen that was entered; it draws when it is told to and when its size changes. */
export interface Screen {
  /** Draws what `paint` says now. */
  draw(): void;
  /** Aborted when somebody wants to leave. */
  readonly leaving: AbortSignal;
  /** Gives the terminal back as it was. */
  leave(): void;
}

/** Enters the alternate screen. Whoever enters must leave, whatever happens in between. */
export function enterScreen(world: World, pictureNow: () => string): Screen {
  const { out, keys, signal } = world;
  const leaving = new AbortController();
  const end = (): void => leaving.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  const draw = (): void => {
    const lines = pictureNow().split('\n').join(`${CLEAR_LINE}\r\n`);
    out.write(`${HOME}${lines}${CLEAR_LINE}${CLEAR_BELOW}`);
  };
  const stops = [
    keys.listen((key) => {
      if (QUIT_KEYS.has(key)) end();
    }),
    world.onResize(draw),
    () => signal.removeEventListener('abort', end),
  ];
  out.write(ENTER);
  return {
    draw,
    leaving: leaving.signal,
    leave() {
      for (const stop of stops) stop();
      out.write(LEAVE);
    },
  };
}

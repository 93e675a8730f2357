import type { MonotonicMs, Schedule } from './ports.ts';

/** Milliseconds since the process began, never back. */
export const systemNow: MonotonicMs = () => performance.now();

/** Timers of the runtime that do not keep the process alive. */
export const systemSchedule: Schedule = (ms, fn) => {
  const timer = setTimeout(fn, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

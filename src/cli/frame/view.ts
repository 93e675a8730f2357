import type { Stream, View } from '../command.ts';

/** The terms on which a text for people is written to a stream. */
export function viewOf({ paint, size }: Stream): View {
  return { paint, columns: size().columns };
}

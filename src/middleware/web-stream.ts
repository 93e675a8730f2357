/**
 * The same stream, each pull of which runs through `run`: a server reads a body in a context of its
 * own. Where the body fails, `lastWords` may say what ends it instead.
 */
export function runPulls<T>(
  body: ReadableStream<T>,
  run: <R>(fn: () => R) => R,
  lastWords: (error: unknown) => T | undefined = () => undefined,
): ReadableStream<T> {
  const reader = body.getReader();
  return new ReadableStream<T>(
    {
      async pull(controller) {
        try {
          const { done, value } = await run(() => reader.read());
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          const words = lastWords(error);
          if (words === undefined) throw error;
          controller.enqueue(words);
          controller.close();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

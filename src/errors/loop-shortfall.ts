/** What a cap can count beside money, tokens and calls. */
export type LoopDimension = 'identical' | 'depth' | 'fanOut';

/**
 * `retry-storm`: one request over and over. `tool-loop`: one tool step over and over, each time
 * with the same result.
 */
export type LoopPattern = 'retry-storm' | 'tool-loop';

/** What a cap on loops counted when it refused. */
export interface LoopShortfall {
  readonly dimension: LoopDimension;
  /** With this call: attempts, repeats of the tool step, nested values or children. */
  readonly counted: number;
  readonly cap: number;
  readonly pattern: LoopPattern | null;
  /** Tool steps that repeat together, from 1; 0 unless the pattern is `tool-loop`. */
  readonly cycleSteps: number;
  /** The nested values, outermost first, for `depth` and `fanOut`; the last one is too many. */
  readonly chain: readonly string[];
}

/** One request that was refused over and over. */
export interface RefusalStorm {
  /** With this refusal. */
  readonly refusals: number;
  readonly withinSeconds: number;
}

/** What was asked and why it goes too far: the first sentence of the refusal. */
export function loopSentence(
  what: string,
  loop: LoopShortfall,
  { scope, window }: { readonly scope: string; readonly window: string },
): string {
  const { counted, cap, chain } = loop;
  const per = window === 'lifetime' ? '' : ` per ${window}`;
  switch (loop.dimension) {
    case 'identical':
      if (loop.pattern === 'tool-loop') return toolLoopSentence(what, loop, scope);
      return (
        `${what} is attempt ${counted} with the same request, but ${scope} has a cap of ${cap} ` +
        `identical attempts${per}: a retry storm.`
      );
    case 'depth':
      return (
        `${what} stands ${counted} values deep (${chain.join(' > ')}), but ${scope} has a cap ` +
        `of depth ${cap}.`
      );
    case 'fanOut':
      return (
        `${what} brings child ${counted} under ${chain.slice(0, -1).join(' > ')} ` +
        `(${chain.at(-1)}), but ${scope} has a cap of ${cap} children${per}.`
      );
  }
}

/** What helps; `undefined` where only time does. */
export function loopRemedy({ dimension, pattern }: LoopShortfall): string | undefined {
  if (pattern === 'tool-loop') return 'Waiting cannot help: take another step, or end the loop.';
  if (dimension === 'depth') return 'Waiting cannot help: nest less, or raise the cap.';
  return undefined;
}

/** The sentence that names a storm of refusals. */
export function stormSentence({ refusals, withinSeconds }: RefusalStorm): string {
  const often = `${refusals} times within ${withinSeconds} s`;
  return ` The same request was refused ${often}: a retry storm.`;
}

function toolLoopSentence(what: string, loop: LoopShortfall, scope: string): string {
  const { counted, cap, cycleSteps } = loop;
  const steps = cycleSteps === 1 ? 'the same tool step' : `the same ${cycleSteps} tool steps`;
  return (
    `${what} follows ${steps} with the same result ${counted} times in a row, but ${scope} has ` +
    `a cap of ${cap}: a tool loop.`
  );
}

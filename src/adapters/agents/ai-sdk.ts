import { ConfigError } from '../../errors/error.ts';
import { AgentFrame } from './frame.ts';
import { ended, pulledIn, runIn } from './live.ts';
import { wrapMethods } from './methods.ts';
import { callerFor } from './run.ts';
import { StreamWatch } from './stream-watch.ts';
import type { AgentTerms } from './terms.ts';

/** What is needed of an agent of the Vercel AI SDK 6: `ToolLoopAgent`, or any `Agent`. */
export interface AiAgentLike {
  readonly id: string | undefined;
  generate(options: never): PromiseLike<unknown>;
  stream(options: never): PromiseLike<unknown>;
}

/**
 * Makes every `generate` and `stream` of an agent of the AI SDK a call of one agent, in place, and
 * returns the same agent. Its name is its `id`, unless another is given.
 *
 * A stream is at work until its last part; a refusal stands in its part `error`, and so in
 * `onError`, as the `BudgetCapError` that it is. Throws `CONFIG_INVALID` without a name.
 *
 * @example
 * const reader = wrapAiAgent(new ToolLoopAgent({ id: 'reader', model, tools }));
 */
export function wrapAiAgent<A extends AiAgentLike>(agent: A, terms: Partial<AgentTerms> = {}): A {
  const name = terms.agent ?? agent.id;
  if (name === undefined) {
    const reason = 'the agent has no `id`';
    throw new ConfigError({ field: 'agent', value: name, reason, nearest: "{ agent: 'reader' }" });
  }
  const named: AgentTerms = { ...terms, agent: name };
  const stream: unknown = Reflect.get(agent, 'stream');
  wrapMethods<AiAgentLike>(agent, ['generate'], named);
  const value = async (options: StreamOptions = {}): Promise<unknown> => {
    const caller = callerFor(named);
    const call = (all: StreamOptions) =>
      Reflect.apply(stream as (options: StreamOptions) => PromiseLike<unknown>, agent, [all]);
    if (caller === undefined || caller.isOf(agent)) return call(options);
    return streamIn(caller.child(named, agent), options, call);
  };
  Object.defineProperty(agent, 'stream', { value, configurable: true, writable: true });
  return agent;
}

/**
 * For a `streamText` of your own whose result is read after its agent's callback has returned: the
 * agent is at work until the last part, and a refusal stands in the part `error` as what it is.
 *
 * @example
 * runAgents(guard, budget, () => streamText({ ...call, experimental_transform: agentStream() }));
 */
export function agentStream(): () => TransformStream<never, never> {
  const frame = AgentFrame.here();
  if (frame === undefined) return () => new TransformStream();
  const done = ended(frame);
  const watch = new StreamWatch(frame, { done, isSeen: true });
  return () => lastPart(frame, watch) as TransformStream<never, never>;
}

/** What `stream` takes, as far as it is looked at here. */
interface StreamOptions {
  readonly experimental_transform?: unknown;
}

async function streamIn(
  frame: AgentFrame,
  options: StreamOptions,
  call: (options: StreamOptions) => PromiseLike<unknown>,
): Promise<unknown> {
  const watch = new StreamWatch(frame, { done: ended(frame), isSeen: true });
  const given = options.experimental_transform ?? [];
  const others: readonly unknown[] = Array.isArray(given) ? given : [given];
  const all = { ...options, experimental_transform: [() => lastPart(frame, watch), ...others] };
  try {
    // The result is there before its end, so it is no activity; the stream behind it is one.
    const [result] = await runIn(frame, async () => [await call(all)]);
    return result;
  } catch (error) {
    watch.done();
    throw error;
  }
}

/** Passes parts on, with the refusal where the client's own error stood, and sees the last one. */
function lastPart(frame: AgentFrame, watch: StreamWatch): TransformStream<unknown, unknown> {
  const { done, read } = watch;
  const transformer = {
    transform(part: unknown, controller: TransformStreamDefaultController) {
      controller.enqueue(withRefusal(part, frame));
    },
    flush: done,
    // Not in every runtime's types: the one who reads gave up.
    cancel: done,
  };
  const parts = new TransformStream(transformer);
  // Whether somebody waits for the next part; the last one is seen above.
  pulledIn(parts.readable, frame, { done: () => undefined, stoppedBy: () => undefined, read });
  return parts;
}

function withRefusal(part: unknown, frame: AgentFrame): unknown {
  const { stoppedBy } = frame;
  const isError =
    typeof part === 'object' && part !== null && Reflect.get(part, 'type') === 'error';
  return isError && stoppedBy !== undefined ? { ...part, error: stoppedBy } : part;
}

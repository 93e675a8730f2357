import { ConfigError } from '../../errors/error.ts';
import { wrapMethods } from './methods.ts';
import type { AgentTerms } from './terms.ts';

/** What is needed of a runnable of LangChain: a chain, a compiled graph, an agent. */
export interface RunnableLike {
  invoke(...args: never[]): unknown;
}

/** How a runnable is run: under its own name, where it has one, or the one that is given. */
export type RunnableTerms = Partial<AgentTerms>;

/** The ways to call a runnable of `@langchain/core` 1.x, graphs of `@langchain/langgraph` too. */
const WAYS = ['invoke', 'batch', 'stream', 'streamLog', 'streamEvents', 'transform'];

/**
 * Makes every call of a runnable a call of one agent, in place, and returns the same runnable: a
 * chain, a compiled graph, a subgraph that is a node, a tool. What is made of it later (`pipe`,
 * `withConfig`) goes through it.
 *
 * Throws `CONFIG_INVALID` without a name.
 *
 * @example
 * builder.addNode('research', wrapRunnable(researchGraph, { agent: 'research' }));
 */
export function wrapRunnable<R extends RunnableLike>(runnable: R, terms: RunnableTerms = {}): R {
  const agent = terms.agent ?? nameOf(runnable);
  if (agent === undefined) {
    const reason = 'the runnable has no name of its own';
    throw new ConfigError({ field: 'agent', value: agent, reason, nearest: "{ agent: 'reader' }" });
  }
  const ways = WAYS.filter((way) => typeof Reflect.get(runnable, way) === 'function');
  return wrapMethods(runnable, ways as (keyof R & string)[], { ...terms, agent });
}

/** The name it was given; that of its class says nothing about it. */
function nameOf(runnable: object): string | undefined {
  const name: unknown = Reflect.get(runnable, 'name');
  return typeof name === 'string' && name !== '' ? name : undefined;
}

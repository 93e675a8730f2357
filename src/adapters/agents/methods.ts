import type { HardcapError } from '../../errors/error.ts';
import { ConfigError } from '../../errors/error.ts';
import { asCall } from './run.ts';
import { mustAgree, type AgentTerms } from './terms.ts';

/** How a wrapped function is run. */
export interface AgentFunctionTerms<R> extends Partial<AgentTerms> {
  /**
   * What the function gives when its agent was stopped, instead of the refusal: for a framework in
   * which one failed part ends the whole.
   */
  readonly whenStopped?: ((error: HardcapError) => Awaited<R>) | undefined;
}

/**
 * A function whose every call is an agent of that name: the node of a graph, the `execute` of a
 * tool, a job.
 *
 * @example
 * graph.addNode('reader', asAgent('reader', async (state) => ({ notes: await read(state) })));
 */
export function asAgent<A extends readonly unknown[], R>(
  agent: string,
  fn: (...args: A) => R,
  terms: Omit<AgentFunctionTerms<R>, 'agent'> = {},
): (...args: A) => R {
  // A function that calls itself starts another agent, so each call is a target of its own.
  return (...args) => asCall({ ...terms, agent, target: args }, () => fn(...args));
}

/**
 * Makes every call of these methods a call of one agent, in place, and returns the same object.
 *
 * Calls that the object makes of itself are part of the one that is running. Throws
 * `CONFIG_INVALID` for a method that is none, and for one that is wrapped already with other terms.
 *
 * @example
 * wrapMethods(crawler, ['crawl'], { agent: 'crawler' });
 */
export function wrapMethods<T extends object>(
  target: T,
  methods: readonly (keyof T & string)[],
  terms: AgentTerms,
): T {
  const agents = methods.flatMap((name) => {
    const method = methodOf(target, name);
    const before = wrapped.get(method);
    if (before?.target !== target) return [[name, method] as const];
    mustAgree(before.terms, terms);
    return [];
  });
  for (const [name, method] of agents) {
    const value = function agentMethod(this: unknown, ...args: readonly unknown[]): unknown {
      return asCall({ ...terms, target }, () => Reflect.apply(method, this ?? target, args));
    };
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
    wrapped.set(value, { target, terms });
  }
  return target;
}

/** What each method was wrapped as, and in which object: classes and instances are two. */
const wrapped = new WeakMap<object, { readonly target: object; readonly terms: AgentTerms }>();

type Method = (...args: readonly unknown[]) => unknown;

function methodOf(target: object, name: string): Method {
  const method: unknown = Reflect.get(target, name);
  if (typeof method === 'function' && Object.isExtensible(target)) return method as Method;
  const reason = typeof method === 'function' ? 'the object is frozen' : 'no method of the object';
  throw new ConfigError({ field: 'methods', value: name, reason });
}

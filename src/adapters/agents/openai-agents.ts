import { ConfigError } from '../../errors/error.ts';
import { AgentFrame } from './frame.ts';
import { entered, pulledIn, runThrough } from './live.ts';
import { callerFor } from './run.ts';
import { mustAgree, type AgentTerms, type Allotment } from './terms.ts';

/** What is needed of an `Agent` of the OpenAI Agents SDK. */
export interface OpenAIAgentLike {
  readonly name: string;
}

/** Where models come from, and what the agent may spend. */
export interface OpenAIAgentTerms {
  /**
   * Gives the model of each agent that names it by text, as the `OpenAIProvider` of the SDK does:
   * with a client that the guard stands in.
   */
  readonly modelProvider?: { getModel(name?: string): unknown } | undefined;
  /** Of this agent, before what the run says. Not of those that it hands over to. */
  readonly allotment?: Allotment | undefined;
}

/**
 * Makes every turn of an agent of the OpenAI Agents SDK draw on that agent's budget, in place, and
 * returns the same agent. So are the agents that it can hand over to.
 *
 * An agent that is handed over to stands beside the one before, under the run; one that is called
 * as a tool (`asTool`) under the one that calls it. Tools run as the agent whose turn it is. Throws
 * `CONFIG_INVALID` for an agent whose model cannot be reached, and for a second allotment of one
 * agent that differs from its first.
 *
 * @example
 * const modelProvider = new OpenAIProvider({ openAIClient: wrapOpenAI(new OpenAI(), guard) });
 * const triage = wrapOpenAIAgent(new Agent({ name: 'triage', model: 'gpt-4o', handoffs }), {
 *   modelProvider,
 * });
 */
export function wrapOpenAIAgent<A extends OpenAIAgentLike>(
  agent: A,
  terms: OpenAIAgentTerms = {},
): A {
  const waiting: Wrapping[] = [{ agent, terms }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const agreed = termsOf.get(next.agent);
    if (agreed !== undefined) {
      agree(agreed, next.terms.allotment);
      continue;
    }
    termsOf.set(next.agent, wrapOne(next.agent as MutableAgent, next.terms));
    const { modelProvider } = next.terms;
    for (const other of handoffsOf(next.agent, modelProvider)) {
      waiting.push({ agent: other, terms: { modelProvider } });
    }
  }
  return agent;
}

/** What a wrapped agent may spend. It may be said later than the agent was wrapped, once. */
interface AgreedTerms extends AgentTerms {
  allotment: Allotment | undefined;
}

/** By wrapped agent. */
const termsOf = new WeakMap<object, AgreedTerms>();

/** Two allotments for one agent cannot both be meant, and none is dropped in silence. */
function agree(terms: AgreedTerms, allotment: Allotment | undefined): void {
  if (allotment === undefined) return;
  const before = terms.allotment;
  if (before === undefined) {
    terms.allotment = { ...allotment };
    return;
  }
  mustAgree(terms, { ...terms, allotment });
}

interface Wrapping {
  readonly agent: OpenAIAgentLike;
  readonly terms: OpenAIAgentTerms;
}

/** What is replaced in an agent. */
interface MutableAgent {
  readonly name: string;
  model: unknown;
  readonly tools?: readonly unknown[];
  getAllTools?: Method;
}

type Method = (...args: readonly unknown[]) => unknown;

/** Models, tools and handoffs whose members have been replaced: once, though many share them. */
const wrapped = new WeakSet<object>();

function wrapOne(agent: MutableAgent, { modelProvider, allotment }: OpenAIAgentTerms): AgreedTerms {
  const terms: AgreedTerms = { agent: agent.name, allotment: allotment && { ...allotment } };
  agent.model = modelOf(agent, modelProvider, terms);
  for (const tool of agent.tools ?? []) wrapTool(tool);
  const all = agent.getAllTools;
  if (typeof all !== 'function') return terms;
  // The loop asks for them at each turn: those that were added later too, and those of MCP servers.
  define(agent, 'getAllTools', async (...args: readonly unknown[]) => {
    const [runContext] = args;
    if (isObject(runContext)) beginTurn(terms, runContext);
    const tools: unknown = await Reflect.apply(all, agent, args);
    if (Array.isArray(tools)) for (const tool of tools) wrapTool(tool);
    return tools;
  });
  return terms;
}

/** A model that makes each call as a turn of the agent. */
function modelOf(
  { name, model }: MutableAgent,
  provider: OpenAIAgentTerms['modelProvider'],
  terms: AgentTerms,
): object {
  if (isObject(model)) {
    // A clone of a wrapped agent has its model; what stands behind that is what it asks.
    const behind = sources.get(model);
    if (behind !== undefined) return turns(behind, {}, terms);
    watchModel(model);
    return turns(() => model, model, terms);
  }
  if (typeof model !== 'string' || model === '') throw noModel(name, 'names no model');
  if (provider === undefined) throw noModel(name, 'names its model by text');
  watchProvider(provider);
  return turns(() => provider.getModel(model), {}, terms);
}

/** Requests that were made as a turn of a wrapped agent. */
const known = new WeakSet<object>();

/**
 * In a run, a model that wrapped agents use is asked by no other: an agent that calls it was
 * forgotten when the others were wrapped, and would spend without a budget of its own.
 */
function watchModel(model: object): void {
  if (wrapped.has(model)) return;
  wrapped.add(model);
  for (const key of ['getResponse', 'getStreamedResponse']) {
    const ask = method(model, key);
    define(model, key, (...args: readonly unknown[]) => {
      const [request] = args;
      if (!isObject(request) || !known.has(request)) AgentFrame.here()?.strange(FORGOTTEN);
      return ask(...args);
    });
  }
}

const FORGOTTEN = 'Wrap it too: wrapOpenAIAgent(agent, { modelProvider }), before its first turn.';

function watchProvider(provider: object): void {
  if (wrapped.has(provider)) return;
  wrapped.add(provider);
  const getModel = method(provider, 'getModel');
  const watched = (model: unknown): unknown => {
    if (isObject(model)) watchModel(model);
    return model;
  };
  define(provider, 'getModel', (...args: readonly unknown[]) => {
    const model = getModel(...args);
    return model instanceof Promise ? model.then(watched) : watched(model);
  });
}

/** What stands behind each model that was made here. */
const sources = new WeakMap<object, () => unknown>();

function turns(source: () => unknown, shape: object, terms: AgentTerms): object {
  const getResponse = async (...args: readonly unknown[]): Promise<unknown> => {
    const frame = turnOf(terms);
    const model = await source();
    const call = () => asTurn(model, 'getResponse', args);
    if (frame === undefined) return call();
    try {
      return await entered(frame, call);
    } catch (error) {
      throw frame.stoppedBy ?? error;
    }
  };
  async function* getStreamedResponse(...args: readonly unknown[]): AsyncGenerator {
    const frame = turnOf(terms);
    const model = await source();
    const call = () => asTurn(model, 'getStreamedResponse', args) as AsyncIterable<unknown>;
    if (frame === undefined) {
      yield* call();
      return;
    }
    const ending = { done: () => undefined, stoppedBy: () => frame.stoppedBy };
    yield* pulledIn(frame.enter(call), frame, ending);
  }
  const getRetryAdvice = async (...args: readonly unknown[]): Promise<unknown> => {
    const model = await source();
    return method(model, 'getRetryAdvice')(...args);
  };
  const own: Readonly<Record<PropertyKey, unknown>> = {
    getResponse,
    getStreamedResponse,
    getRetryAdvice,
  };
  const model = new Proxy(shape, {
    get(model, key) {
      if (Object.hasOwn(own, key)) return own[key as string];
      const value: unknown = Reflect.get(model, key, model);
      return typeof value === 'function' ? (value as Method).bind(model) : value;
    },
  });
  sources.set(model, source);
  return model;
}

function asTurn(model: unknown, name: string, args: readonly unknown[]): unknown {
  const [request] = args;
  if (isObject(request)) known.add(request);
  return method(model, name)(...args);
}

/** The frame of an agent whose turn it is now; `undefined` outside `runAgents`. */
function turnOf(terms: AgentTerms): AgentFrame | undefined {
  return callerFor(terms)?.standing(terms);
}

/** Notes whose turn it is, for its tools. Loops that run at once have contexts of their own. */
function beginTurn(terms: AgentTerms, runContext: object): void {
  const frame = turnOf(terms);
  if (frame !== undefined) AgentFrame.here()?.giveTurn(runContext, frame);
}

/** Runs a function tool as the agent whose turn it is; agents that it calls end with it. */
function wrapTool(tool: unknown): void {
  if (!isObject(tool) || wrapped.has(tool)) return;
  const invoke: unknown = Reflect.get(tool, 'invoke');
  if (typeof invoke !== 'function') return;
  define(tool, 'invoke', (...args: readonly unknown[]) => {
    const call = () => Reflect.apply(invoke, tool, args) as unknown;
    const [runContext] = args;
    const here = AgentFrame.here();
    const place = (isObject(runContext) ? here?.turnIn(runContext) : here)?.place();
    // What the tool makes of a refusal goes to the model, whose next turn then ends with it.
    return place === undefined ? call() : runThrough(place, call);
  });
  wrapped.add(tool);
}

/** Whom an agent can hand over to; whom a handoff chooses late, is wrapped then. */
function handoffsOf(
  agent: OpenAIAgentLike,
  modelProvider: OpenAIAgentTerms['modelProvider'],
): readonly OpenAIAgentLike[] {
  const handoffs: unknown = Reflect.get(agent, 'handoffs');
  if (!Array.isArray(handoffs)) return [];
  return handoffs.flatMap((handoff: unknown) => {
    if (!isObject(handoff)) return [];
    const chosen: unknown = Reflect.get(handoff, 'agent');
    wrapHandoff(handoff, modelProvider);
    return [(chosen ?? handoff) as OpenAIAgentLike];
  });
}

function wrapHandoff(handoff: object, modelProvider: OpenAIAgentTerms['modelProvider']): void {
  const choose: unknown = Reflect.get(handoff, 'onInvokeHandoff');
  if (typeof choose !== 'function' || wrapped.has(handoff)) return;
  define(handoff, 'onInvokeHandoff', async (...args: readonly unknown[]) => {
    const chosen: unknown = await Reflect.apply(choose, handoff, args);
    return wrapOpenAIAgent(chosen as OpenAIAgentLike, { modelProvider });
  });
  wrapped.add(handoff);
}

/** A method by its name; one that is optional and missing gives `undefined`. */
function method(owner: unknown, name: string): Method {
  const value: unknown = Reflect.get(owner as object, name);
  return (...args) =>
    typeof value === 'function' ? (Reflect.apply(value, owner, args) as unknown) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function define(owner: object, key: string, value: unknown): void {
  Object.defineProperty(owner, key, { value, configurable: true, writable: true });
}

function noModel(name: string, why: string): ConfigError {
  return new ConfigError({
    field: 'model',
    value: name,
    reason: `agent ${JSON.stringify(name)} ${why}, so its calls cannot be told from others`,
    nearest: 'model: a Model, or its name and { modelProvider: new OpenAIProvider({ ... }) }',
  });
}

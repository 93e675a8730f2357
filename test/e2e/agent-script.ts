/** What emulated models say to agents: each agent says who it is in its instructions. */

import type { EmulatedRequest, Reply, ReplyFunction } from '../../src/emulator/emulator.ts';

/** What one agent's model says after so many turns of its own with tools. */
export type Part = (turns: number) => Reply;

/** The instructions by which an agent is known. */
export function as(agent: string): string {
  return `You are agent:${agent}.`;
}

/** Answers each request by the part of the agent that makes it. */
export function script(parts: Readonly<Record<string, Part>>): ReplyFunction {
  return (request) => {
    const name = agentOf(request);
    const part = parts[name];
    if (part === undefined) throw new Error(`No part for agent ${JSON.stringify(name)}`);
    return part(turnsOf(request));
  };
}

/** The agent that makes a request; an empty text: none says so. */
export function agentOf({ bodyText }: EmulatedRequest): string {
  return /You are agent:([\w-]+)\./.exec(bodyText)?.[1] ?? '';
}

/** Always another step with this tool; the argument is new each time. */
export function endless(tool: string, outputTokens = 100): Part {
  return (turns) => ({ toolCalls: [{ name: tool, input: { page: `${turns}` } }], outputTokens });
}

/** So many steps with a tool, then an answer. */
export function steps(tool: string, count: number, text = 'Done.'): Part {
  return (turns) =>
    turns < count
      ? { toolCalls: [{ name: tool, input: { page: `${turns}` } }], outputTokens: 100 }
      : { text, outputTokens: 100 };
}

/** Calls these tools at once, then answers. */
export function fanOut(tools: readonly string[], text = 'All done.'): Part {
  const toolCalls = tools.map((name) => ({ name, input: { input: 'go', page: '0' } }));
  return (turns) => (turns === 0 ? { toolCalls, outputTokens: 50 } : { text, outputTokens: 50 });
}

/** Turns with tool calls in the conversation, in the form of any of the three wires. */
function turnsOf({ body, api }: EmulatedRequest): number {
  const items = body?.[api === 'responses' ? 'input' : 'messages'];
  if (!Array.isArray(items)) return 0;
  return items.filter(
    (item) =>
      Reflect.get(item as object, 'role') === 'assistant' ||
      Reflect.get(item as object, 'type') === 'function_call',
  ).length;
}

import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { BudgetCapError, type BudgetGuard } from '../../src/index.ts';

/** The clients and models that the agents use. */
export interface Tools {
  readonly guard: BudgetGuard;
  readonly anthropic: Anthropic;
  readonly openai: OpenAI;
  readonly claude: string;
  readonly gpt: string;
  readonly maxTokens: number;
  /** When to start nothing new: milliseconds since the epoch. */
  readonly deadlineMs: number;
}

/** How often an agent that has been refused tries again all the same: runaway agents do. */
const STUBBORN_TRIES = 5;

/** What became of one customer's agents. */
export interface AgentReport {
  readonly customer: string;
  readonly answers: number;
  readonly refusals: readonly BudgetCapError[];
}

const GOAL = 'Find the cheapest way to ship 40 pallets from Oslo to Turin. Never settle for less.';

/**
 * A customer's lead agent: it never finds its answer good enough, fans out to sub-agents, and does
 * not stop by itself. Only the caps end it.
 */
export async function runAway(tools: Tools, customer: string): Promise<AgentReport> {
  let answers = 0;
  const refusals: BudgetCapError[] = [];
  const attempt = async (step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
      answers += 1;
    } catch (error) {
      if (!(error instanceof BudgetCapError)) throw error;
      refusals.push(error);
    }
  };
  await tools.guard.run({ customer, feature: 'research', agent: 'lead' }, async () => {
    const notes: string[] = [];
    while (refusals.length <= STUBBORN_TRIES && Date.now() < tools.deadlineMs) {
      await attempt(() => research(tools, notes));
      await Promise.all(
        ['routes', 'prices', 'customs'].map((topic) =>
          tools.guard.run({ agent: `sub-${topic}` }, () =>
            attempt(() => look(tools, topic, notes)),
          ),
        ),
      );
      await attempt(() => judge(tools, notes));
    }
  });
  return { customer, answers, refusals };
}

/** The tool loop of the Anthropic SDK: the model asks for one more search, every time. */
async function research(tools: Tools, notes: string[]): Promise<void> {
  const runner = tools.anthropic.beta.messages.toolRunner({
    model: tools.claude,
    max_tokens: tools.maxTokens,
    max_iterations: 3,
    thread: false,
    messages: [{ role: 'user', content: `${GOAL}\nNotes:\n${notes.join('\n')}` }],
    tools: [
      {
        type: 'custom',
        name: 'search',
        description: 'Searches freight offers',
        input_schema: { type: 'object', properties: { query: { type: 'string' } } },
        parse: (input: unknown) => input,
        run: () => 'Nothing better found. Search again.',
      },
    ],
  });
  await runner.runUntilDone();
  notes.push('searched three times, nothing good enough');
}

/** A sub-agent: a streamed answer from either provider. */
async function look(tools: Tools, topic: string, notes: string[]): Promise<void> {
  const content = `${GOAL}\nReport on ${topic}.\n${notes.slice(-8).join('\n')}`;
  if (topic === 'prices') {
    const stream = await tools.openai.chat.completions.create({
      model: tools.gpt,
      max_completion_tokens: tools.maxTokens,
      messages: [{ role: 'user', content }],
      stream: true,
    });
    for await (const chunk of stream) void chunk;
  } else {
    const stream = tools.anthropic.messages.stream({
      model: tools.claude,
      max_tokens: tools.maxTokens,
      messages: [{ role: 'user', content }],
    });
    await stream.finalMessage();
  }
  notes.push(`${topic}: reported, but not conclusive`);
}

/** A second opinion from the other provider, which always asks to go on. */
async function judge(tools: Tools, notes: string[]): Promise<void> {
  await tools.openai.responses.create({
    model: tools.gpt,
    max_output_tokens: tools.maxTokens,
    input: `${GOAL}\nIs this enough?\n${notes.join('\n')}`,
  });
  notes.push('judged: not enough, go on');
}

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../providers/provider.ts';
import { STEPS_READ_MAX, toolLoopOf } from './tool-loop.ts';

/** One step of a transcript: the calls of one turn, each with its result. */
type Step = readonly { readonly name: string; readonly input: object; readonly result: string }[];

const look = (path: string, result = 'nothing'): Step => [
  { name: 'look', input: { path }, result },
];
const edit = (text: string): Step => [{ name: 'edit', input: { text, path: 'a' }, result: 'ok' }];
const user = { role: 'user', content: 'Find it.' };

type Wire = (steps: readonly Step[], after?: readonly object[]) => JsonObject;

const anthropic: Wire = (steps, after = []) => ({
  messages: [
    user,
    ...steps.flatMap((step, turn) => [
      {
        role: 'assistant',
        content: [
          { type: 'text', text: `Try ${turn}.` },
          ...step.map(({ name, input }, index) => ({
            type: 'tool_use',
            id: `id-${turn}-${index}`,
            name,
            input,
          })),
        ],
      },
      {
        role: 'user',
        content: step.map(({ result }, index) => ({
          type: 'tool_result',
          tool_use_id: `id-${turn}-${index}`,
          content: result,
        })),
      },
    ]),
    ...after,
  ],
});

const chat: Wire = (steps, after = []) => ({
  messages: [
    user,
    ...steps.flatMap((step, turn) => [
      {
        role: 'assistant',
        content: `Try ${turn}.`,
        tool_calls: step.map(({ name, input }, index) => ({
          id: `id-${turn}-${index}`,
          type: 'function',
          function: { name, arguments: JSON.stringify(input) },
        })),
      },
      ...step.map(({ result }, index) => ({
        role: 'tool',
        tool_call_id: `id-${turn}-${index}`,
        content: result,
      })),
    ]),
    ...after,
  ],
});

const responses: Wire = (steps, after = []) => ({
  input: [
    user,
    ...steps.flatMap((step, turn) => [
      { type: 'reasoning', id: `r-${turn}`, summary: [] },
      ...step.map(({ name, input }, index) => ({
        type: 'function_call',
        call_id: `id-${turn}-${index}`,
        name,
        arguments: JSON.stringify(input),
      })),
      ...step.map(({ result }, index) => ({
        type: 'function_call_output',
        call_id: `id-${turn}-${index}`,
        output: result,
      })),
    ]),
    ...after,
  ],
});

const WIRES = [
  ['Anthropic messages', anthropic],
  ['OpenAI chat', chat],
  ['OpenAI responses', responses],
] as const;

describe.each(WIRES)('the end of a conversation in %s', (_name, wire) => {
  const repeats = (steps: readonly Step[], after?: readonly object[]) =>
    toolLoopOf(wire(steps, after)).repeats;

  it('has no repeats without tools, and one for a step by itself', () => {
    expect(repeats([])).toBe(0);
    expect(repeats([look('a')])).toBe(1);
    expect(repeats([look('a'), look('b')])).toBe(1);
  });

  it('counts the same step in a row, from the end only', () => {
    expect(repeats([look('b'), look('a'), look('a'), look('a')])).toBe(3);
    expect(repeats([look('a'), look('a'), look('a'), look('b')])).toBe(1);
  });

  it('another name, other arguments or another result is progress', () => {
    expect(repeats([look('a'), look('a', 'something')])).toBe(1);
    expect(repeats([look('a', 'x'), look('a', 'y'), look('a', 'y')])).toBe(2);
    expect(repeats([look('a'), [{ name: 'list', input: { path: 'a' }, result: 'nothing' }]])).toBe(
      1,
    );
  });

  it('a step is all calls of its turn, and the order of keys makes no difference', () => {
    const both = (input: object): Step => [
      { name: 'look', input, result: '1' },
      { name: 'list', input: {}, result: '2' },
    ];
    expect(repeats([both({ a: 1, b: 2 }), both({ b: 2, a: 1 })])).toBe(2);
    expect(repeats([both({ a: 1 }), [...both({ a: 1 })].slice(0, 1)])).toBe(1);
  });

  it('sees a cycle of up to four steps', () => {
    const cycle = [edit('x'), look('a', 'failed')];
    const found = toolLoopOf(wire([look('z'), ...cycle, ...cycle, ...cycle]));
    expect(found).toEqual({ repeats: 3, cycleSteps: 2 });
    const four = [...cycle, edit('y'), look('b')];
    expect(toolLoopOf(wire([...four, ...four])).cycleSteps).toBe(4);
    const five = [...four, look('c')];
    expect(repeats([...five, ...five])).toBe(1);
    expect(toolLoopOf(wire([look('a'), look('a'), look('a'), look('a')]))).toEqual({
      repeats: 4,
      cycleSteps: 1,
    });
  });

  it('what the user asks for again is no loop', () => {
    const twice = wire([look('a'), look('a')], [user]);
    expect(toolLoopOf(twice).repeats).toBe(0);
    const [once] = Object.values(wire([look('a')])) as [object[]];
    expect(repeats([look('a'), look('a')], once)).toBe(1);
    expect(repeats([look('a'), look('a')], once.slice(1))).toBe(3);
  });

  it('reads a bounded number of steps, without recursion', () => {
    const steps = Array.from({ length: STEPS_READ_MAX + 100 }, () => look('a'));
    expect(repeats(steps)).toBe(STEPS_READ_MAX);
  });
});

describe('what varies by nature makes no difference', () => {
  it('a cache mark that moves along, and text beside the results', () => {
    const body = anthropic([look('a'), look('a'), look('a')]);
    const messages = structuredClone(body['messages']) as { content: object[] }[];
    const last = messages.at(-1)!;
    last.content = [
      {
        ...last.content[0],
        content: [{ type: 'text', text: 'nothing', cache_control: { type: 'ephemeral' } }],
        cache_control: { type: 'ephemeral' },
      },
      { type: 'text', text: 'Two turns are left.' },
    ];
    expect(toolLoopOf({ messages }).repeats).toBe(3);
  });

  it('an error is another result than the same text', () => {
    const body = anthropic([look('a'), look('a')]);
    const messages = structuredClone(body['messages']) as { content: object[] }[];
    const last = messages.at(-1)!;
    last.content = [{ ...last.content[0], is_error: true }];
    expect(toolLoopOf({ messages }).repeats).toBe(1);
  });

  it('ids that a gateway gives again', () => {
    const text = JSON.stringify(chat([look('a', 'x'), look('a', 'x'), look('a', 'y')]));
    const body = JSON.parse(text.replaceAll(/id-\d-/g, 'id-')) as JsonObject;
    expect(toolLoopOf(body).repeats).toBe(1);
    const same = JSON.stringify(chat([look('b'), look('a'), look('a')]));
    expect(toolLoopOf(JSON.parse(same.replaceAll(/id-\d-/g, 'id-')) as JsonObject).repeats).toBe(2);
  });

  it('arguments that are not JSON are compared as text', () => {
    const step = (argumentsText: string) => [
      { type: 'function_call', call_id: 'c', name: 'look', arguments: argumentsText },
      { type: 'function_call_output', call_id: 'c', output: 'bad' },
    ];
    expect(toolLoopOf({ input: [...step('{'), ...step('{')] }).repeats).toBe(2);
    expect(toolLoopOf({ input: [...step('{'), ...step('[')] }).repeats).toBe(1);
  });

  it.each([{}, { messages: 'x' }, { messages: [null, 1, { role: 'assistant' }] }, { input: 'x' }])(
    'a body without turns has no steps: %j',
    (body) => {
      expect(toolLoopOf(body as JsonObject).repeats).toBe(0);
    },
  );
});

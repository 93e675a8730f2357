/** Samples for the rules on budgets: what must be reported stands between « and ». */

/** What every sample may use. */
const HEADER = `import { Budget, BudgetCapError, HardcapError, Reservation, Slot, withBudget } from 'hardcap';
import type { BudgetHold, BudgetMint, BudgetMut, BudgetView, Call, Guard, Once } from 'hardcap';
declare const mint: BudgetMint;
declare const guard: Guard;
declare const call: Call;
declare function finish(budget: Budget): void;
declare function run(budget: Budget, task: string): Promise<string>;
declare function step(budget: Budget, task: string): Promise<Budget>;
declare function ask(budget: BudgetMut, task: string): Promise<string>;
declare function show(view: BudgetView): string;
interface Job { readonly budget: Budget; readonly task: string }
`;

const HEADER_LINES = HEADER.split('\n').length - 1;

/** One report: its message with what is filled in; `line` counts from the sample's own first. */
export interface Expected<Messages extends string> {
  readonly messageId: Messages;
  readonly data?: Readonly<Record<string, string | number>>;
  /** A change that is suggested, with the sample as it is after it. */
  readonly suggestion?: { readonly messageId: Messages; readonly output: string };
}

/** A sample that is right. */
export function good(text: string): { readonly name: string; readonly code: string } {
  if (/[«»]/.test(text)) throw new Error('A sample that is right has no mark.');
  return { name: nameOf(text), code: HEADER + text };
}

/** The title of a sample's test: its first line. */
function nameOf(text: string): string {
  const [first = ''] = text.replaceAll(/[«»]/g, '').split('\n');
  return first;
}

/** A sample with one report for each marked place, in their order. */
export function bad<Messages extends string>(text: string, ...expected: Expected<Messages>[]) {
  const places = placesOf(text);
  if (places.length !== expected.length) throw new Error('Each mark has one report.');
  return {
    name: nameOf(text),
    code: HEADER + text.replaceAll(/[«»]/g, ''),
    errors: expected.map(({ messageId, data, suggestion }, at) => ({
      ...places[at],
      messageId,
      ...(data === undefined ? {} : { data: shifted(data) }),
      suggestions:
        suggestion === undefined
          ? null
          : [{ messageId: suggestion.messageId, output: HEADER + suggestion.output }],
    })),
  };
}

function shifted(data: Readonly<Record<string, string | number>>): Record<string, string> {
  const shift = (value: string | number) =>
    typeof value === 'number' ? String(value + HEADER_LINES) : value;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, shift(value)]));
}

/** Lines and columns from 1, as ESLint counts, in the sample without its marks. */
function placesOf(text: string) {
  const ends = [...text.matchAll(/[«»]/g)].map(({ index }, before) => {
    const lines = text.slice(0, index).replaceAll(/[«»]/g, '').split('\n');
    const isMarked = text[index] === (before % 2 === 0 ? '«' : '»');
    if (!isMarked) throw new Error('Marks come in pairs.');
    return { line: lines.length + HEADER_LINES, column: (lines.at(-1)?.length ?? 0) + 1 };
  });
  return ends.flatMap((start, at) => {
    const end = ends[at + 1];
    if (at % 2 === 1 || end === undefined) return [];
    return [{ ...start, endLine: end.line, endColumn: end.column }];
  });
}

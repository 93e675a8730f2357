import type { JsonObject } from '../../providers/provider.ts';
import { Digest } from './digest.ts';
import { entriesFromEnd } from './transcript.ts';

/** How the end of a conversation repeats itself. */
export interface ToolLoop {
  /** How often the last step, or cycle of steps, stands there in a row; 0 without any step. */
  readonly repeats: number;
  /** Steps in the cycle. */
  readonly cycleSteps: number;
}

/** The longest cycle that is looked for: an agent that edits, runs, looks and undoes has four. */
const CYCLE_STEPS_MAX = 4;

/** Steps that are read, from the end; a loop has long been one by then. */
export const STEPS_READ_MAX = 1_000;

/**
 * How often the same tool step stands at the end of the conversation without any progress.
 *
 * A step is one turn of the model: its tool calls, each with name, arguments and result. Two steps
 * are the same when all of that is, so a result with a time in it is another. What the model says
 * beside its calls makes no difference. The user's own words end a run: what is asked for again is
 * no loop.
 */
export function toolLoopOf(body: JsonObject): ToolLoop {
  const steps = stepsFromEnd(body);
  if (steps.length === 0) return { repeats: 0, cycleSteps: 1 };
  let found: ToolLoop = { repeats: 1, cycleSteps: 1 };
  for (let cycleSteps = 1; cycleSteps <= CYCLE_STEPS_MAX; cycleSteps += 1) {
    let same = 0;
    while (same + cycleSteps < steps.length && steps[same] === steps[same + cycleSteps]) same += 1;
    const repeats = Math.floor(same / cycleSteps) + 1;
    if (repeats > found.repeats) found = { repeats, cycleSteps };
  }
  return found;
}

/** A hash of each step since the user last spoke, the last step first. */
function stepsFromEnd(body: JsonObject): readonly string[] {
  const steps: string[] = [];
  let step = new Step();
  for (const entry of entriesFromEnd(body)) {
    if (entry.kind === 'user' || steps.length >= STEPS_READ_MAX) break;
    if (entry.kind === 'call') step.call(entry);
    else {
      // Read backwards, a step's results come before its calls: this is of the step before.
      if (step.hasCalls) {
        steps.push(step.toString());
        step = new Step();
      }
      step.results.set(entry.id, entry.content);
    }
  }
  if (step.hasCalls) steps.push(step.toString());
  return steps;
}

/** One turn's calls with their results, as they are met from the end. */
class Step {
  readonly results = new Map<unknown, unknown>();
  readonly #digest = new Digest();
  hasCalls = false;

  call({ id, name, input }: Called): void {
    this.hasCalls = true;
    const result = this.results.has(id) ? [plain(this.results.get(id))] : [];
    this.#digest.value(name).value(input).value(result, MARKS);
  }

  toString(): string {
    return this.#digest.toString();
  }
}

interface Called {
  readonly id: unknown;
  readonly name: unknown;
  readonly input: unknown;
}

/** They say where the provider's cache ends, and so move along with the conversation. */
const MARKS: ReadonlySet<string> = new Set(['cache_control']);

/** A single block of text says what the bare text does. */
function plain(content: unknown): unknown {
  if (!Array.isArray(content) || content.length !== 1) return content;
  const [block]: readonly unknown[] = content;
  const isText = typeof block === 'object' && block !== null && 'text' in block;
  return isText && typeof block.text === 'string' ? block.text : content;
}

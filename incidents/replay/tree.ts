import type { PlannedCall, PlannedRow, Play } from './play.ts';
import type { Schedule } from './schedule.ts';

/** The run was ended early: it is far over its cap, or as long as runs may be. */
export class Stopped extends Error {}

/** The one that is thrown: there is nothing to tell them apart by. */
export const STOPPED = new Stopped('The run was ended early');

/** What a tree of actors is run with. */
export interface TreePorts {
  readonly within: <T>(scopes: Readonly<Record<string, string>>, fn: () => T) => T;
  /** Makes one call: whether it was answered. Rejects with its refusal. */
  readonly make: (call: PlannedCall, place: string, instance: string) => Promise<boolean>;
  /** Whether nothing more is to be started. */
  readonly isOver: () => boolean;
}

/**
 * Runs the root and all below it. An instance makes its own calls and then starts its children; one
 * that was refused ends and starts none, and its refusal goes up to the root, where it rejects.
 */
export async function runTree(play: Play, schedule: Schedule, ports: TreePorts): Promise<void> {
  const root = play.actors[0];
  if (root === undefined) return;
  await runInstance({ play, schedule, ports }, { actor: root.id, name: root.id });
}

interface Tree {
  readonly play: Play;
  readonly schedule: Schedule;
  readonly ports: TreePorts;
}

interface Instance {
  readonly actor: string;
  /** `root/sub-2` */
  readonly name: string;
}

async function runInstance(tree: Tree, instance: Instance): Promise<void> {
  const { ports, schedule } = tree;
  await ports.within({ agent: instance.name }, async () => {
    const isBesideChildren = schedule.name === 'shuffled';
    const own = () => runRows(tree, instance);
    const children = () => runChildren(tree, instance);
    if (isBesideChildren) return allOf([own(), children()]);
    await own();
    await children();
  });
}

async function runRows(tree: Tree, instance: Instance): Promise<void> {
  for (const [index, row] of tree.play.rows.entries()) {
    if (row.actor !== instance.actor) continue;
    if (tree.play.host === 'restart' && row.calls.every((call) => !call.afterRestart)) continue;
    if (row.mode === 'parallel' && tree.schedule.name !== 'as-given') {
      await allOf(
        row.calls.map((call, place) => startLate(tree, instance, call, `${index}.${place}`)),
      );
    } else await runInTurn(tree, instance, row, index);
  }
}

async function runInTurn(
  { play, ports }: Tree,
  { name }: Instance,
  { calls, mode }: PlannedRow,
  index: number,
): Promise<void> {
  let refusal: unknown;
  for (const [place, call] of calls.entries()) {
    try {
      const isAnswered = await ports.make(call, `${index}.${place}`, name);
      // One call that is repeated until it is answered.
      if (isAnswered && play.isRetryStorm) return;
    } catch (error) {
      refusal ??= error;
      const goesOn = play.ignoresRefusals || mode === 'parallel';
      if (!goesOn || error instanceof Stopped) break;
    }
  }
  if (refusal !== undefined) throw refusal;
}

async function startLate(
  { ports, schedule }: Tree,
  { name }: Instance,
  call: PlannedCall,
  place: string,
): Promise<void> {
  await pause(schedule.startMs());
  await ports.make(call, place, name);
}

async function runChildren(tree: Tree, parent: Instance): Promise<void> {
  const { play, schedule } = tree;
  const children = play.actors.filter((actor) => actor.parent === parent.actor);
  const names = children.flatMap(({ id, n }) =>
    Array.from({ length: n }, (_, index) => ({ actor: id, name: `${parent.name}/${id}-${index}` })),
  );
  if (schedule.name !== 'as-given') {
    const start = async (one: Instance) => {
      await pause(schedule.startMs());
      // A tree can have tens of thousands of children that nobody will look at any more.
      if (tree.ports.isOver()) throw STOPPED;
      await runInstance(tree, one);
    };
    return allOf(names.map(start));
  }
  let refusal: unknown;
  for (const one of names) {
    try {
      await runInstance(tree, one);
    } catch (error) {
      refusal ??= error;
      if (error instanceof Stopped) break;
    }
  }
  if (refusal !== undefined) throw refusal;
}

/** Waits for all of them, then rejects with the first refusal there was. */
async function allOf(running: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(running);
  const refused = ends.find((end) => end.status === 'rejected');
  if (refused !== undefined) throw refused.reason;
}

function pause(durationMs: number): Promise<void> {
  if (durationMs <= 0) return Promise.resolve();
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

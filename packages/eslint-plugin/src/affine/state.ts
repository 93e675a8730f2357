import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import type { Affine } from './type-questions.ts';

/** Ways things may stand that are told apart at one point, before they are seen as one. */
const WORLDS_MAX = 12;

/** Moves that are remembered of one cell. */
const MOVES_MAX = 4;

/** The function has the handle, and must do something with it. */
export const OWNED = 1;
/** The handle was used up or has gone elsewhere. */
export const MOVED = 2;
/** Nothing is known to be there: never assigned, borrowed, or another's. */
export const NONE = 4;

/** What holds a handle: a variable, a place under one (`job.budget`), a closure that has one. */
export interface Cell {
  readonly id: number;
  readonly name: string;
  readonly affine: Affine;
  /** The variable, or the one that the place begins with; `undefined` for places under `this`. */
  readonly root: TSESLint.Scope.Variable | undefined;
  readonly isPlace: boolean;
  /** Where a loss is reported. */
  readonly origin: TSESTree.Node;
  /** `using`: what is left is disposed of at the end of the block. */
  readonly isDisposed: boolean;
  /** The field, of a place under `this`. */
  readonly field: string | undefined;
}

/** How a handle left its cell. */
export type MoveBy = 'consumed' | 'passed' | 'aliased' | 'captured' | 'awaited';

/** One place in the program where a handle leaves its cell. */
export interface Move {
  readonly id: number;
  readonly node: TSESTree.Node;
  readonly by: MoveBy;
  /** The cell that has the handle now, where it has a name again. */
  readonly to: Cell | undefined;
}

/** What is known of one cell: a set of the three marks, and how the handle may have left. */
export interface Held {
  readonly marks: number;
  readonly moves: readonly Move[];
}

/** Something that is true of a variable that never changes. */
export interface Fact {
  readonly value: boolean;
  readonly of: TSESLint.Scope.Variable;
}

/** One way things may stand at a point of the program. */
export interface World {
  readonly cells: ReadonlyMap<Cell, Held>;
  readonly facts: ReadonlyMap<string, Fact>;
}

/** All ways things may stand at a point; none: the point is not reached. */
export type State = readonly World[];

const NOTHING: Held = { marks: NONE, moves: [] };

/** The state at the beginning. */
export const START: State = [{ cells: new Map(), facts: new Map() }];

/** What a world says of a cell. */
export function heldIn(world: World, cell: Cell): Held {
  return world.cells.get(cell) ?? NOTHING;
}

/** What any of the worlds says of a cell. */
export function heldBy(state: State, cell: Cell): Held {
  return state.length === 0 ? NOTHING : state.map((one) => heldIn(one, cell)).reduce(either);
}

/** Whether a cell may bear a mark. */
export function may(state: State, cell: Cell, mark: number): boolean {
  return state.some((world) => (heldIn(world, cell).marks & mark) !== 0);
}

/** The state with what is known of one cell replaced. */
export function put(state: State, cell: Cell, next: (before: Held) => Held): State {
  return state.map((world) => {
    const before = heldIn(world, cell);
    const after = next(before);
    if (after === before) return world;
    const cells = new Map(world.cells);
    if (after.marks === NONE) cells.delete(cell);
    else cells.set(cell, after);
    return { cells, facts: world.facts };
  });
}

/** The state with a cell of which only one mark is known. */
export function mark(state: State, cell: Cell, marks: number): State {
  return put(state, cell, () => ({ marks, moves: [] }));
}

/** The state after a handle has left its cell. */
export function moveOut(state: State, cell: Cell, move: Move): State {
  return put(state, cell, () => ({ marks: MOVED, moves: [move] }));
}

/** The worlds in which a fact holds or may hold. */
export function assume(state: State, key: string, fact: Fact): State {
  return state.flatMap((world) => {
    const before = world.facts.get(key);
    if (before !== undefined) return before.value === fact.value ? [world] : [];
    return [{ cells: world.cells, facts: new Map(world.facts).set(key, fact) }];
  });
}

/** The state in which nothing is known of a variable's value, since it got another. */
export function unsettle(state: State, of: TSESLint.Scope.Variable): State {
  return state.map((world) => {
    if (![...world.facts.values()].some((fact) => fact.of === of)) return world;
    const facts = new Map([...world.facts].filter(([, fact]) => fact.of !== of));
    return { cells: world.cells, facts };
  });
}

/** The state without what is known of the cells and variables that have gone out of scope. */
export function forget(
  state: State,
  isGone: (variable: TSESLint.Scope.Variable | undefined) => boolean,
): State {
  return join(
    state.map(({ cells, facts }) => ({
      cells: new Map([...cells].filter(([cell]) => !isGone(cell.root))),
      facts: new Map([...facts].filter(([, fact]) => !isGone(fact.of))),
    })),
    [],
  );
}

/** What may stand where two ways come together. */
export function join(first: State, second: State): State {
  const joined = new Map<string, World>();
  for (const world of [...first, ...second]) {
    const key = keyOf(world);
    const same = joined.get(key);
    joined.set(
      key,
      same === undefined ? world : { cells: world.cells, facts: common(same, world) },
    );
  }
  const worlds = [...joined.values()];
  return worlds.length <= WORLDS_MAX ? worlds : [worlds.reduce(mixed)];
}

/** Whether two states say the same. */
export function isSame(first: State, second: State): boolean {
  if (first.length !== second.length) return false;
  const keys = new Set(first.map(fullKeyOf));
  return second.every((world) => keys.has(fullKeyOf(world)));
}

function keyOf({ cells }: World): string {
  return [...cells]
    .map(([cell, held]) => `${cell.id}:${held.marks}:${held.moves.map((one) => one.id).join('+')}`)
    .sort()
    .join();
}

function fullKeyOf(world: World): string {
  const facts = [...world.facts].map(([key, fact]) => `${key}=${fact.value}`).sort();
  return `${keyOf(world)}|${facts.join()}`;
}

function mixed(first: World, second: World): World {
  const cells = new Map<Cell, Held>();
  for (const cell of [...first.cells.keys(), ...second.cells.keys()]) {
    cells.set(cell, either(heldIn(first, cell), heldIn(second, cell)));
  }
  return { cells, facts: common(first, second) };
}

function either(first: Held, second: Held): Held {
  if (first === second) return first;
  const moves = [...new Set([...first.moves, ...second.moves])];
  return { marks: first.marks | second.marks, moves: moves.slice(0, MOVES_MAX) };
}

function common(first: World, second: World): ReadonlyMap<string, Fact> {
  const facts = [...first.facts].filter(
    ([key, fact]) => second.facts.get(key)?.value === fact.value,
  );
  return new Map(facts);
}

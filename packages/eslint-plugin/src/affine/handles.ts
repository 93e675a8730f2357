import type { TSESTree } from '@typescript-eslint/utils';
import type { Frame } from './frame.ts';
import { reportAlias, reportLate, reportLoss } from './reports.ts';
import {
  MOVED,
  NONE,
  OWNED,
  forget,
  heldBy,
  mark,
  may,
  moveOut,
  put,
  type Cell,
  type MoveBy,
  type State,
} from './state.ts';
import type { Summary } from './subject.ts';
import { isLentTo, isWithin } from './syntax.ts';

/** The state after a handle was looked at; reports a look that comes too late. */
export function touch(frame: Frame, cell: Cell, node: TSESTree.Node, state: State): State {
  const { subject } = frame;
  if (!subject.isOwn(cell, frame.body) && !frame.borrows.has(cell)) frame.borrows.set(cell, node);
  const seen = touchRoot(frame, cell, node, state);
  // A reservation without a brand still tells its figures when it has ended.
  if (!may(seen, cell, MOVED) || !cell.affine.isBranded) return seen;
  reportLate(subject, { cell, node, moves: heldBy(seen, cell).moves, asClosure: false });
  return withoutMoved(seen, cell);
}

/** What a handle is taken for, beside where. */
export interface Taking {
  readonly node: TSESTree.Node;
  readonly by: MoveBy;
  readonly to?: Cell | undefined;
  /** Whether a closure takes it along. */
  readonly asClosure?: boolean;
}

/** The state after a handle has left its cell; reports one that has left it before. */
export function take(frame: Frame, cell: Cell, taking: Taking, state: State): State {
  const { subject } = frame;
  const { node, by, to } = taking;
  if (!subject.isOwn(cell, frame.body)) {
    frame.takes.set(cell, [...(frame.takes.get(cell) ?? []), node]);
  }
  subject.everMoved.add(cell);
  const seen = touchRoot(frame, cell, node, state);
  if (may(seen, cell, MOVED)) {
    const { moves } = heldBy(seen, cell);
    const isTwice = by === 'consumed' && moves.every((one) => one.by === 'consumed');
    if (cell.affine.isBranded || isTwice) {
      reportLate(subject, { cell, node, moves, asClosure: taking.asClosure === true });
    }
  }
  const move = subject.moveAt(node, by, to);
  return partOf(frame, cell, seen).flatMap((world) => {
    const isLate = may([world], cell, MOVED);
    return isLate ? mark([world], cell, NONE) : moveOut([world], cell, move);
  });
}

/** The state after a closure was made, or a named function called, with all that it does. */
export function takeAlong(frame: Frame, summary: Summary, taking: Taking, state: State): State {
  let after = state;
  for (const [cell, node] of summary.borrows) {
    if (summary.moves.has(cell) || summary.assigns.has(cell)) continue;
    const isCall = taking.by === 'consumed';
    after = touch(frame, cell, isCall ? taking.node : node, after);
  }
  for (const cell of summary.moves.keys()) {
    if (summary.returns.has(cell)) frame.returns.add(cell);
    after = summary.asked.has(cell)
      ? lendAsked(frame, cell, taking, after)
      : take(frame, cell, taking, after);
  }
  for (const cell of summary.assigns) {
    if (summary.moves.has(cell)) continue;
    if (!frame.subject.isOwn(cell, frame.body)) frame.assigns.add(cell);
    for (const node of summary.takes.get(cell) ?? []) noteTake(frame, cell, node);
    after = withoutMoved(after, cell);
  }
  return after;
}

/**
 * A function that asks first whether a handle is live may have it beside others, and be called
 * again. Called here it has ended it; made here it may end it whenever it likes.
 */
export function lendAsked(frame: Frame, cell: Cell, taking: Taking, state: State): State {
  noteTake(frame, cell, taking.node);
  if (!frame.subject.isOwn(cell, frame.body)) frame.asked.add(cell);
  frame.subject.everMoved.add(cell);
  if (taking.by !== 'consumed') return mark(state, cell, NONE);
  return moveOut(state, cell, frame.subject.moveAt(taking.node, taking.by));
}

/** Reports a second place for a handle, and takes it for gone. */
export function keep(
  frame: Frame,
  cell: Cell,
  about: { readonly node: TSESTree.Node; readonly messageId: string },
  state: State,
): State {
  const seen = touch(frame, cell, about.node, state);
  if (!cell.affine.isBranded) return take(frame, cell, { node: about.node, by: 'passed' }, seen);
  if (seen.length > 0) reportAlias(frame.subject, { ...about, name: cell.name });
  noteTake(frame, cell, about.node);
  frame.subject.everMoved.add(cell);
  return mark(seen, cell, NONE);
}

/** The state at the end of a block: what is still owned there is lost. */
export function close(frame: Frame, cells: readonly Cell[], state: State): State {
  if (cells.length === 0) return state;
  const { subject } = frame;
  const isLent = isLentTo(frame.body);
  for (const cell of cells) {
    if (isLent && cell.affine.hold === 'no') continue;
    if (cell.isDisposed || cell.affine.isStore || subject.excused.has(cell)) continue;
    if (may(state, cell, OWNED)) {
      reportLoss(subject, {
        affine: cell.affine,
        node: cell.origin,
        messageId: subject.everMoved.has(cell) ? 'lostOnSomePath' : 'neverUsedUp',
        name: cell.name,
      });
    }
  }
  const roots = new Set(cells.map((cell) => cell.root));
  return forget(state, (variable) => variable !== undefined && roots.has(variable));
}

/** Drops what is known of variables that were declared within a node. */
export function forgetWithin(node: TSESTree.Node, state: State): State {
  return forget(state, (variable) => {
    const name = variable?.defs[0]?.name;
    return name !== undefined && isWithin(name, node);
  });
}

/** The state after a variable got a new value: what was known under it is no more. */
export function renew(frame: Frame, cell: Cell, state: State): State {
  if (cell.isPlace || cell.root === undefined) return state;
  let after = state;
  for (const place of frame.subject.placesUnder(cell.root)) after = mark(after, place, NONE);
  return after;
}

/** The state in which nothing is known to have left a cell. */
export function withoutMoved(state: State, cell: Cell): State {
  return put(state, cell, (held) => {
    if ((held.marks & MOVED) === 0) return held;
    const rest = held.marks & ~MOVED;
    return { marks: rest === 0 ? NONE : rest, moves: [] };
  });
}

function noteTake(frame: Frame, cell: Cell, node: TSESTree.Node): void {
  if (frame.subject.isOwn(cell, frame.body)) return;
  frame.takes.set(cell, [...(frame.takes.get(cell) ?? []), node]);
}

/** A pair of which a part was taken is not lost as a whole. */
function partOf({ subject }: Frame, cell: Cell, state: State): State {
  const root = cell.isPlace && cell.root !== undefined ? subject.cellOf(cell.root) : undefined;
  return root?.affine.elements === undefined ? state : mark(state, root, NONE);
}

/** A place is gone with the variable that it lies under. */
function touchRoot(frame: Frame, cell: Cell, node: TSESTree.Node, state: State): State {
  if (!cell.isPlace || cell.root === undefined) return state;
  const root = frame.subject.cellOf(cell.root);
  return root === undefined ? state : touch(frame, root, node, state);
}

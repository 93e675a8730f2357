import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import type { Frame, Use } from './frame.ts';
import { lendAsked, takeAlong, touch } from './handles.ts';
import { reportAlias } from './reports.ts';
import { NONE, mark, type Cell, type State } from './state.ts';
import type { Summary } from './subject.ts';
import { isHandedOn, parentOf, unwrap, type FunctionNode } from './syntax.ts';

/** The state after a function without a name was made, where it is no callback of a known kind. */
export function evaluateClosure(frame: Frame, fn: FunctionNode, use: Use, state: State): State {
  if (state.length === 0) return state;
  const summary = frame.walk.summarise(frame.subject, fn);
  const place = placeOf(fn);
  if (place === 'getter') return giveOut(frame, summary, 'inGetter', state);
  if (place === 'returned' && !frame.subject.types.isOnce(fn as TSESTree.Expression)) {
    const own = partOf(summary, (cell) => frame.subject.isOwn(cell, frame.body));
    const after = giveOut(frame, own, 'inReturnedClosure', state);
    return letGo(frame, summary, takeAlong(frame, without(summary, own), captured(fn), after));
  }
  const isKept = place === 'property' && use.kind === 'take' && use.by === 'aliased';
  if (isKept) {
    const given = partOf(summary, (cell) => summary.returns.has(cell));
    const rest = takeAlong(
      frame,
      without(summary, given),
      captured(fn),
      giveOut(frame, given, 'inReturnedClosure', state),
    );
    return letGo(frame, summary, rest);
  }
  return takeAlong(frame, summary, captured(fn), state);
}

/** Reports, at each place, that a function which anybody can call gives a handle out. */
export function giveOut(frame: Frame, summary: Summary, messageId: string, state: State): State {
  let after = state;
  for (const [cell, nodes] of summary.moves) {
    if (summary.asked.has(cell)) {
      after = lendAsked(frame, cell, { node: nodes[0] ?? cell.origin, by: 'captured' }, after);
      continue;
    }
    after = touch(frame, cell, nodes[0] ?? cell.origin, after);
    for (const node of nodes) reportAlias(frame.subject, { node, messageId, name: cell.name });
    frame.subject.everMoved.add(cell);
    after = mark(after, cell, NONE);
  }
  return after;
}

/** A function that outlives this one looks at its handles: they are not lost when it ends. */
export function letGo(frame: Frame, summary: Summary, state: State): State {
  let after = state;
  for (const cell of summary.borrows.keys()) {
    if (summary.moves.has(cell) || !frame.subject.isOwn(cell, frame.body)) continue;
    after = mark(after, cell, NONE);
  }
  return after;
}

function captured(fn: FunctionNode) {
  return { node: fn, by: 'captured', asClosure: true } as const;
}

function placeOf(fn: FunctionNode): 'getter' | 'property' | 'returned' | 'other' {
  const around = parentOf(fn);
  if (around?.type === Type.Property && around.value === fn) {
    if (around.kind === 'get') return 'getter';
    return around.parent.type === Type.ObjectExpression && !isHandedOn(around.parent)
      ? 'property'
      : 'other';
  }
  if (around?.type === Type.ReturnStatement) return 'returned';
  const isBody = around?.type === Type.ArrowFunctionExpression && unwrap(around.body) === fn;
  return isBody ? 'returned' : 'other';
}

function partOf(summary: Summary, isIn: (cell: Cell) => boolean): Summary {
  return { ...summary, moves: new Map([...summary.moves].filter(([cell]) => isIn(cell))) };
}

function without(summary: Summary, part: Summary): Summary {
  const moves = new Map([...summary.moves].filter(([cell]) => !part.moves.has(cell)));
  return { ...summary, moves };
}

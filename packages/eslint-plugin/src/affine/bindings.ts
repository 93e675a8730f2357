import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { boundMethod } from './callbacks.ts';
import { evaluateCell } from './expressions.ts';
import { noteValue } from './facts.ts';
import { ALIAS, DROP, PASS, READ, type Frame, type Use } from './frame.ts';
import { keep, renew, take, takeAlong, touch } from './handles.ts';
import { LENDING } from './names.ts';
import { bindPattern } from './patterns.ts';
import { reportAlias, reportLoss } from './reports.ts';
import {
  MOVED,
  NONE,
  OWNED,
  heldBy,
  heldIn,
  join,
  mark,
  may,
  type Cell,
  type State,
} from './state.ts';
import { reportFullSlot } from './slots.ts';
import type { Summary, Variable } from './subject.ts';
import { calleeName, isFunction, isNullish, isWithin, unwrap } from './syntax.ts';

/** The state after one declarator. */
export function declare(
  frame: Frame,
  { id, init }: TSESTree.VariableDeclarator,
  state: State,
): State {
  if (id.type !== Type.Identifier) return bindPattern(frame, { pattern: id, init }, state);
  const variable = frame.subject.variableOf(id);
  if (variable === undefined || init === null) {
    const cell = variable === undefined ? undefined : frame.subject.cellOf(variable);
    if (cell === undefined) return state;
    frame.declared.push(cell);
    return mark(state, cell, NONE);
  }
  const closure = summaryOf(frame, init);
  if (closure !== undefined) return declareClosure(frame, { id, init, summary: closure }, state);
  const cell = frame.subject.cellOf(variable);
  if (cell !== undefined) {
    frame.declared.push(cell);
    return fill(frame, { cell, node: init, isFirst: true }, state);
  }
  const source = frame.subject.cellAt(init);
  if (source !== undefined) return look(frame, { id, init, source }, state);
  reportFullSlot(frame.subject, variable, init);
  const after = frame.walk.evaluate(frame, init, ALIAS, state);
  return noteValue(frame.subject, { target: id, value: init }, after);
}

/** The state after an assignment. */
export function assign(
  frame: Frame,
  node: TSESTree.AssignmentExpression,
  use: Use,
  state: State,
): State {
  const { left, operator, right } = node;
  if (left.type === Type.ArrayPattern || left.type === Type.ObjectPattern) {
    return bindPattern(frame, { pattern: left, init: right }, state);
  }
  if (!['=', '??=', '||=', '&&='].includes(operator)) {
    const before = frame.walk.evaluate(frame, left, READ, state);
    const after = frame.walk.evaluate(frame, right, READ, before);
    return noteValue(frame.subject, { target: left }, after);
  }
  const cell = frame.subject.cellAt(left);
  let after: State;
  if (cell === undefined) after = assignElsewhere(frame, node, state);
  else if (operator === '=') after = fill(frame, { cell, node: right, isFirst: false }, state);
  else {
    const isSet = operator === '&&=';
    const before = isSet ? state : mark(state, cell, NONE);
    after = join(state, fill(frame, { cell, node: right, isFirst: false }, before));
  }
  if (cell === undefined || use.kind !== 'take') return after;
  return evaluateCell(frame, cell, { node: left, use }, after);
}

/** A value for a cell: of a declaration, an assignment, or a part of a pattern. */
export interface Filling {
  readonly cell: Cell;
  readonly node: TSESTree.Node;
  /** Whether the cell has just been declared. */
  readonly isFirst: boolean;
}

/** The state after a cell has got the value of an expression. */
export function fill(frame: Frame, filling: Filling, state: State): State {
  const { cell } = filling;
  const node = unwrap(filling.node);
  if (node.type === Type.ConditionalExpression) {
    const { yes, no } = frame.walk.branch(frame, node.test, state);
    const consequent = fill(frame, { ...filling, node: node.consequent }, yes);
    return join(consequent, fill(frame, { ...filling, node: node.alternate }, no));
  }
  if (node.type === Type.LogicalExpression && node.operator !== '&&') {
    const source = frame.subject.cellAt(node.left);
    const empty = source === undefined ? state : mark(state, source, NONE);
    const left = fill(frame, { ...filling, node: node.left }, state);
    const tried =
      source === undefined ? frame.walk.evaluate(frame, node.left, ALIAS, empty) : empty;
    return join(left, fill(frame, { ...filling, node: node.right }, tried));
  }
  const source = sourceOf(frame, filling.node);
  if (source === undefined) {
    const by: Use = { kind: 'take', by: 'aliased', to: cell };
    const after = frame.walk.evaluate(frame, filling.node, by, state);
    return settle(frame, filling, settled(after, owning(filling.node)));
  }
  const taking = { node, by: 'aliased', to: cell } as const;
  const after = take(frame, source, taking, state);
  return settle(
    frame,
    filling,
    after.map((world, at) => {
      const before = state[at] === undefined ? undefined : heldIn(state[at], source);
      return { world, marks: before !== undefined && before.marks === OWNED ? OWNED : NONE };
    }),
  );
}

/** A world, and what the cell bears in it from now on. */
interface Settled {
  readonly world: State[number];
  readonly marks: number;
}

function settled(state: State, marks: number): Settled[] {
  return state.map((world) => ({ world, marks }));
}

function settle(frame: Frame, filling: Filling, worlds: readonly Settled[]): State {
  const { cell, node, isFirst } = filling;
  const { subject } = frame;
  const state = worlds.map(({ world }) => world);
  const isOwn = subject.isOwn(cell, frame.body);
  if (!isOwn) frame.assigns.add(cell);
  if (!isFirst && cell.isPlace) storeIn(frame, filling, state);
  else if (!isFirst && isOwn && may(state, cell, OWNED) && !cell.isDisposed) {
    const target = node.parent?.type === Type.AssignmentExpression ? node.parent : node;
    reportLoss(subject, {
      affine: cell.affine,
      node: target,
      messageId: 'overwritten',
      name: cell.name,
    });
  }
  const after = worlds.flatMap(({ world, marks }) =>
    mark([world], cell, cell.isPlace ? NONE : marks),
  );
  return renew(frame, cell, after);
}

/** A field may get back what was taken out of it; anything else is a place to keep a handle in. */
function storeIn(frame: Frame, { cell, node }: Filling, state: State): void {
  if (!cell.affine.isBranded || state.length === 0 || isNullish(node)) return;
  if (cell.affine.shape !== 'handle') return;
  if (state.every((world) => heldIn(world, cell).marks === MOVED)) return;
  const { marks } = heldBy(state, cell);
  // With `x.b = x.b?.spend(…)` there was nothing to put back where the chain ends early.
  const isShort = node.type === Type.ChainExpression && (marks & MOVED) !== 0;
  if (marks === MOVED || isShort) return;
  const target = node.parent?.type === Type.AssignmentExpression ? node.parent : node;
  reportAlias(frame.subject, { node: target, messageId: 'inField', name: cell.name });
}

/** What a declared variable owns of the value of an expression. */
export function owning(expression: TSESTree.Node): number {
  const node = unwrap(expression);
  switch (node.type) {
    case Type.AwaitExpression:
      return unwrap(node.argument).type === Type.CallExpression ? owning(node.argument) : OWNED;
    case Type.CallExpression:
      return LENDING.has(calleeName(node) ?? '') ? NONE : OWNED;
    case Type.NewExpression:
      return /^(Map|Set|Array|WeakMap|WeakSet)$/.test(calleeName(node) ?? '') ? NONE : OWNED;
    case Type.ArrayExpression:
      return node.elements.length === 0 ? NONE : OWNED;
    case Type.YieldExpression:
      return OWNED;
    default:
      return NONE;
  }
}

/** The cell whose handle an expression hands over as it is; a cast that hides one does not. */
export function sourceOf(frame: Frame, expression: TSESTree.Node): Cell | undefined {
  const cell = frame.subject.cellAt(expression);
  if (cell === undefined || expression === unwrap(expression)) return cell;
  return frame.subject.types.affineAt(expression) === undefined ? undefined : cell;
}

/** A variable that is no handle itself, bound to one: it looks at it. */
function look(
  frame: Frame,
  at: {
    readonly id: TSESTree.Identifier;
    readonly init: TSESTree.Expression;
    readonly source: Cell;
  },
  state: State,
): State {
  const { id, init, source } = at;
  const { subject } = frame;
  if (init !== unwrap(init)) return frame.walk.evaluate(frame, init, ALIAS, state);
  if (subject.types.isOpaque(id)) {
    return keep(frame, source, { node: init, messageId: 'toUnknown' }, state);
  }
  const variable = subject.variableOf(id);
  if (variable !== undefined) subject.views.set(variable, source);
  return touch(frame, source, init, state);
}

function summaryOf(frame: Frame, init: TSESTree.Expression): Summary | undefined {
  const node = unwrap(init);
  if (isFunction(node)) return frame.walk.summarise(frame.subject, node);
  return boundMethod(frame.subject, node);
}

/**
 * Whether a function with a name is only called, and here: then its handles leave when it is, like
 * those of a function declaration. No other function speaks of them.
 */
function isInlined(variable: Variable, captured: readonly Cell[], init: TSESTree.Node): boolean {
  const home = variable.scope.variableScope;
  const uses = variable.references.filter((one) => one.init !== true);
  const isCalled = uses.every(({ from, identifier }) => {
    const { parent } = identifier;
    const isCallee = parent?.type === Type.CallExpression && parent.callee === identifier;
    return isCallee && from.variableScope === home;
  });
  if (!isCalled || uses.length === 0) return false;
  return captured.every(
    ({ root }) =>
      root?.scope.variableScope === home &&
      root.references.every(
        ({ from, identifier }) => from.variableScope === home || isWithin(identifier, init),
      ),
  );
}

/** A function with a name that takes a handle along is good for one call, as the handle is. */
function declareClosure(
  frame: Frame,
  at: {
    readonly id: TSESTree.Identifier;
    readonly init: TSESTree.Expression;
    readonly summary: Summary;
  },
  state: State,
): State {
  const { id, init, summary } = at;
  const { subject } = frame;
  const variable = subject.variableOf(id);
  const captured = [...summary.moves.keys()].filter((cell) => !summary.asked.has(cell));
  const [first] = captured;
  if (variable === undefined) return state;
  if (first === undefined || isInlined(variable, captured, init)) {
    subject.functions.set(variable, summary);
    return state;
  }
  const cell = subject.holdClosure(variable, first, summary);
  frame.declared.push(cell);
  const isOwned = captured.some((one) => may(state, one, OWNED));
  const taking = { node: init, by: 'captured', asClosure: true, to: cell } as const;
  const after = takeAlong(frame, summary, taking, state);
  return mark(after, cell, isOwned ? OWNED : NONE);
}

/** An assignment to what is no cell: a field or element whose place is not fixed, or no handle. */
function assignElsewhere(
  frame: Frame,
  { left, right }: TSESTree.AssignmentExpression,
  state: State,
): State {
  const { subject, walk } = frame;
  const before = left.type === Type.Identifier ? state : walk.evaluate(frame, left, DROP, state);
  const source = subject.cellAt(right);
  if (source === undefined) {
    const isKept = left.type === Type.MemberExpression;
    const after = walk.evaluate(frame, right, isKept ? ALIAS : PASS, before);
    return noteValue(subject, { target: left, value: right }, after);
  }
  if (subject.types.affineAt(left) !== undefined || subject.types.isOpaque(left)) {
    return keep(frame, source, { node: right, messageId: 'inField' }, before);
  }
  return touch(frame, source, right, before);
}

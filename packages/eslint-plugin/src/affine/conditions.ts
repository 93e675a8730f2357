import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { followedAt } from './facts.ts';
import { PEEK, type Branches, type Frame } from './frame.ts';
import { ALIVE } from './names.ts';
import {
  MOVED,
  NONE,
  OWNED,
  assume,
  heldIn,
  join,
  mark,
  put,
  type Cell,
  type State,
} from './state.ts';
import { isNullish, propertyName, unwrap } from './syntax.ts';

/** The states after a condition: what must hold where it is true, and where it is not. */
export function branch(frame: Frame, node: TSESTree.Node, state: State): Branches {
  const test = unwrap(node);
  switch (test.type) {
    case Type.Literal:
      return test.value ? { yes: state, no: [] } : { yes: [], no: state };
    case Type.UnaryExpression: {
      if (test.operator !== '!') break;
      const { yes, no } = branch(frame, test.argument, state);
      return { yes: no, no: yes };
    }
    case Type.LogicalExpression:
      return branchLogical(frame, test, state);
    case Type.BinaryExpression:
      return branchBinary(frame, test, state);
    case Type.Identifier:
    case Type.MemberExpression:
      return branchValue(frame, test, state);
    case Type.AssignmentExpression: {
      const after = frame.walk.evaluate(frame, test, PEEK, state);
      const cell = frame.subject.cellAt(test.left);
      return { yes: after, no: cell === undefined ? after : mark(after, cell, NONE) };
    }
    case Type.CallExpression:
      return branchCall(frame, test, node, state);
    default:
  }
  const after = frame.walk.evaluate(frame, node, PEEK, state);
  return { yes: after, no: after };
}

function branchLogical(frame: Frame, test: TSESTree.LogicalExpression, state: State): Branches {
  const left = branch(frame, test.left, state);
  if (test.operator === '&&') {
    const right = branch(frame, test.right, left.yes);
    return { yes: right.yes, no: join(left.no, right.no) };
  }
  if (test.operator === '||') {
    const right = branch(frame, test.right, left.no);
    return { yes: join(left.yes, right.yes), no: right.no };
  }
  const after = frame.walk.evaluate(frame, test, PEEK, state);
  return { yes: after, no: after };
}

function branchBinary(frame: Frame, test: TSESTree.BinaryExpression, state: State): Branches {
  const { left, operator, right } = test;
  const after = frame.walk.evaluate(frame, test, PEEK, state);
  const tested = unwrap(left);
  const cell = frame.subject.cellAt(tested.type === Type.AssignmentExpression ? tested.left : left);
  if (operator === 'instanceof') return branchInstance(frame, test, after);
  const isEqual = operator === '===' || operator === '==';
  if (!isEqual && operator !== '!==' && operator !== '!=') return { yes: after, no: after };
  const pair = (same: State, other: State): Branches =>
    isEqual ? { yes: same, no: other } : { yes: other, no: same };
  if (cell !== undefined && isNullish(right)) return pair(mark(after, cell, NONE), after);
  const value = unwrap(right);
  if (value.type !== Type.Literal && !isNullish(value)) return { yes: after, no: after };
  const fixed = followedAt(frame.subject, left);
  if (fixed === undefined) return { yes: after, no: after };
  const key = `${fixed.key}===${frame.subject.code.getText(value)}`;
  return pair(
    assume(after, key, { value: true, of: fixed.of }),
    assume(after, key, { value: false, of: fixed.of }),
  );
}

/** `isReservation(x)` tells where there is a handle. */
function branchCall(
  frame: Frame,
  test: TSESTree.CallExpression,
  node: TSESTree.Node,
  state: State,
): Branches {
  const after = frame.walk.evaluate(frame, node, PEEK, state);
  const [first] = test.arguments;
  const cell = first === undefined ? undefined : frame.subject.cellAt(first);
  const told = cell === undefined ? undefined : frame.subject.types.tells(test);
  if (cell === undefined || told === undefined) return { yes: after, no: after };
  const none = mark(after, cell, NONE);
  return told === 'affine' ? { yes: after, no: none } : { yes: none, no: after };
}

function branchInstance(frame: Frame, test: TSESTree.BinaryExpression, state: State): Branches {
  const { subject } = frame;
  const cell = subject.cellAt(test.left);
  const affine = subject.types.instancesOf(test.right);
  if (cell === undefined) {
    const tested = unwrap(test.left);
    const variable = affine === undefined ? undefined : subject.variableOf(tested);
    if (variable !== undefined && !subject.types.isOpaque(tested)) subject.narrowed.add(variable);
    return { yes: state, no: state };
  }
  const none = mark(state, cell, NONE);
  return affine === undefined ? { yes: none, no: state } : { yes: state, no: none };
}

function branchValue(
  frame: Frame,
  test: TSESTree.Identifier | TSESTree.MemberExpression,
  state: State,
): Branches {
  const { subject } = frame;
  const after = frame.walk.evaluate(frame, test, PEEK, state);
  const cell = subject.cellAt(test);
  if (cell !== undefined) return { yes: after, no: mark(after, cell, NONE) };
  if (test.type === Type.MemberExpression && ALIVE.has(propertyName(test) ?? '')) {
    const asked = subject.cellAt(test.object);
    if (asked !== undefined) {
      frame.asked.add(asked);
      return branchAlive(asked, after);
    }
  }
  const fixed = followedAt(frame.subject, test);
  if (fixed === undefined) return { yes: after, no: after };
  const { key, of } = fixed;
  return {
    yes: assume(after, key, { value: true, of }),
    no: assume(after, key, { value: false, of }),
  };
}

/** `isLive` says whether the handle has left. */
function branchAlive(cell: Cell, state: State): Branches {
  const yes = state.flatMap((world) => {
    const { marks } = heldIn(world, cell);
    if ((marks & MOVED) === 0) return [world];
    return marks === MOVED ? [] : mark([world], cell, marks & ~MOVED);
  });
  const no = state.flatMap((world) => {
    const { marks } = heldIn(world, cell);
    if (marks === OWNED) return [];
    return put([world], cell, (held) => ((marks & MOVED) === 0 ? held : { ...held, marks: MOVED }));
  });
  return { yes, no };
}

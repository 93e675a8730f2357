import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { callBack, closureOf, type Callback } from './callbacks.ts';
import { evaluateCell, functionNamed, loseFresh, shortOf } from './expressions.ts';
import { PASS, READ, mayThrow, type Frame, type Use } from './frame.ts';
import { keep, take, touch } from './handles.ts';
import { COPIERS, EMPTYING, FILLING, KEEPERS, ONLOOKERS, RELISTING, TAKING } from './names.ts';
import { reportAlias } from './reports.ts';
import { NONE, join, mark, type Cell, type MoveBy, type State } from './state.ts';
import { calleeName, isFunction, propertyName, unwrap, type Calling } from './syntax.ts';

/** A handle that a call uses up when it is through with its arguments. */
interface Taken {
  readonly cell: Cell;
  readonly node: TSESTree.Node;
  readonly by: MoveBy;
  /** Whether it is what the method is called on: a method that throws has not used it up. */
  readonly isReceiver: boolean;
}

/** One call under way. */
interface Calls {
  readonly call: Calling;
  readonly taken: Taken[];
  readonly callbacks: Callback[];
  /** The list, promise or other carrier that a method is called on. */
  owner: Cell | undefined;
  /** Whether all it does is to end a handle that has just been made, which does not throw. */
  isPlainEnd: boolean;
}

/** The state after a call. What it takes over is gone when the call ends, not before. */
export function evaluateCall(frame: Frame, call: Calling, use: Use, state: State): State {
  const calls: Calls = { call, taken: [], callbacks: [], owner: undefined, isPlainEnd: false };
  let after = evaluateCallee(frame, calls, state);
  if (call.type === Type.CallExpression && call.optional) {
    shortOf(frame, frame.subject.cellAt(call.callee), after);
  }
  call.arguments.forEach((argument, index) => {
    after = evaluateArgument(frame, calls, { argument, index }, after);
  });
  noteThrow(frame, calls, after);
  for (const { cell, node, by } of calls.taken) after = take(frame, cell, { node, by }, after);
  after = callBack(frame, calls, after);
  return loseFresh(frame, call, use, after);
}

/** Where a call throws, its arguments are gone, and what it was called on is not. */
function noteThrow(frame: Frame, { call, taken, isPlainEnd }: Calls, state: State): void {
  if (frame.throws === undefined || isPlainEnd) return;
  // A method that gives nothing back ends the handle; where it throws there is nothing to save.
  const isLast = frame.subject.types.affineAt(call) === undefined;
  const thrown = frame.subject.findings.muted(() => {
    let after = state;
    for (const { cell, node, by, isReceiver } of taken) {
      if (!isReceiver) after = take(frame, cell, { node, by }, after);
      else if (isLast) after = mark(after, cell, NONE);
    }
    return after;
  });
  mayThrow(frame, thrown, join);
}

function evaluateCallee(frame: Frame, calls: Calls, state: State): State {
  const { subject } = frame;
  const callee = unwrap(calls.call.callee);
  if (isFunction(callee)) {
    const summary = frame.walk.summarise(subject, callee);
    calls.callbacks.push({ node: callee, summary, isCallee: true });
    return state;
  }
  if (callee.type === Type.MemberExpression) return evaluateReceiver(frame, calls, callee, state);
  const closure = subject.cellAt(callee);
  if (closure !== undefined) {
    calls.taken.push({ cell: closure, node: callee, by: 'consumed', isReceiver: false });
    return state;
  }
  const fn = callee.type === Type.Identifier ? functionNamed(frame, callee) : undefined;
  if (fn === undefined) return frame.walk.evaluate(frame, callee, READ, state);
  calls.callbacks.push({ node: callee, summary: fn, isCallee: true });
  return state;
}

function evaluateReceiver(
  frame: Frame,
  calls: Calls,
  member: TSESTree.MemberExpression,
  state: State,
): State {
  const { subject, walk } = frame;
  const name = propertyName(member) ?? '';
  let receiver = unwrap(member.object);
  let after = state;
  if (receiver.type === Type.AssignmentExpression) {
    after = walk.assign(frame, receiver, READ, after);
    receiver = unwrap(receiver.left);
  }
  const cell = subject.cellAt(receiver);
  if (cell === undefined) return evaluateFresh(frame, calls, member, after);
  if (member.optional) shortOf(frame, cell, after);
  const { shape, consuming } = cell.affine;
  if (shape === 'handle') {
    if (isDispose(member)) return mark(after, cell, NONE);
    if (consuming.has(name)) {
      calls.taken.push({ cell, node: receiver, by: 'consumed', isReceiver: true });
      return after;
    }
    // A method that gives the reservation itself back: the result goes on for it.
    const isSelf = !cell.affine.isBranded && subject.types.affineAt(calls.call) !== undefined;
    if (isSelf) calls.taken.push({ cell, node: receiver, by: 'passed', isReceiver: true });
    return isSelf ? after : touch(frame, cell, receiver, after);
  }
  calls.owner = cell;
  if (shape === 'promise')
    return evaluateCell(frame, cell, { node: receiver, use: AWAITED }, after);
  if (!EMPTYING.has(name)) after = touch(frame, cell, receiver, after);
  if (RELISTING.has(name)) subject.excused.add(cell);
  if (!TAKING.has(name)) return after;
  subject.everMoved.add(cell);
  subject.excused.add(cell);
  return mark(after, cell, NONE);
}

/** `x[Symbol.dispose]()` ends what is still there, and does nothing where there is nothing. */
function isDispose({ computed, property }: TSESTree.MemberExpression): boolean {
  if (!computed || property.type !== Type.MemberExpression) return false;
  return /^(dispose|asyncDispose)$/.test(propertyName(property) ?? '');
}

const AWAITED: Use = { kind: 'take', by: 'awaited' };

/** A method called on what is no named handle: on the result of another call, mostly. */
function evaluateFresh(
  frame: Frame,
  calls: Calls,
  member: TSESTree.MemberExpression,
  state: State,
): State {
  const { subject, walk } = frame;
  const receiver = unwrap(member.object);
  const name = propertyName(member) ?? '';
  const isMade = MADE.has(receiver.type) || member.object !== receiver;
  const indexed = receiver.type === Type.MemberExpression && receiver.computed;
  const affine =
    isMade || indexed || isNarrowed(frame, receiver)
      ? subject.types.affineAt(member.object)
      : undefined;
  const isTaken = affine !== undefined && (affine.shape !== 'handle' || affine.consuming.has(name));
  if (isTaken && isNarrowed(frame, receiver)) reportNarrowed(frame, receiver);
  const isEnd = isTaken && affine.shape === 'handle' && calls.call.arguments.length === 0;
  calls.isPlainEnd = isEnd && subject.types.affineAt(calls.call) === undefined;
  const after = walk.evaluate(frame, member.object, isTaken ? PASS : READ, state);
  if (member.optional) shortOf(frame, undefined, after);
  return member.computed ? walk.evaluate(frame, member.property, READ, after) : after;
}

const MADE: ReadonlySet<string> = new Set([
  Type.ArrayExpression,
  Type.AwaitExpression,
  Type.CallExpression,
  Type.ConditionalExpression,
  Type.LogicalExpression,
  Type.NewExpression,
  Type.YieldExpression,
]);

function evaluateArgument(
  frame: Frame,
  calls: Calls,
  at: { readonly argument: TSESTree.CallExpressionArgument; readonly index: number },
  state: State,
): State {
  const { argument, index } = at;
  const { subject, walk } = frame;
  if (argument.type === Type.SpreadElement) {
    const cell = subject.cellAt(argument.argument);
    if (cell === undefined) return walk.evaluate(frame, argument.argument, READ, state);
    const isTaken = subject.types.takes(calls.call, index) !== 'borrowed';
    const use: Use = isTaken ? PASS : READ;
    return evaluateCell(frame, cell, { node: argument.argument, use }, state);
  }
  const callback = closureOf(frame, argument);
  if (callback !== undefined) {
    calls.callbacks.push({ ...callback, owner: calls.owner });
    return state;
  }
  const cell = subject.cellAt(argument);
  if (cell !== undefined && unwrap(argument) === withoutSafeCasts(argument)) {
    return passCell(frame, calls, { cell, argument, index }, state);
  }
  const plain = unwrap(argument);
  const taking = PLAIN.has(plain.type) ? 'owned' : takingOf(frame, calls.call, { argument, index });
  if (taking === 'owned' && isNarrowed(frame, plain) && subject.types.affineAt(plain)) {
    reportNarrowed(frame, plain);
  }
  return walk.evaluate(frame, argument, taking === 'borrowed' ? READ : PASS, state);
}

/** Literals of which each part finds its own place. */
const PLAIN: ReadonlySet<string> = new Set([
  Type.ArrayExpression,
  Type.Literal,
  Type.ObjectExpression,
  Type.TemplateLiteral,
]);

/** A cast to `any` hides a handle, and is looked at by itself. */
function withoutSafeCasts(node: TSESTree.Node): TSESTree.Node {
  let inner = node;
  while (inner.type === Type.TSNonNullExpression || inner.type === Type.TSSatisfiesExpression) {
    inner = inner.expression;
  }
  return inner;
}

function takingOf(
  frame: Frame,
  call: Calling,
  at: { readonly argument: TSESTree.Expression; readonly index: number },
) {
  const { types, code } = frame.subject;
  if (types.affineAt(at.argument) === undefined) return 'owned';
  const isLookedAt = ONLOOKERS.some((one) => one.test(code.getText(call.callee)));
  return isLookedAt ? 'borrowed' : types.takes(call, at.index);
}

function passCell(
  frame: Frame,
  { call, taken, owner }: Calls,
  at: { readonly cell: Cell; readonly argument: TSESTree.Expression; readonly index: number },
  state: State,
): State {
  const { cell, argument, index } = at;
  const { code, types } = frame.subject;
  const node = unwrap(argument);
  const name = code.getText(call.callee);
  if (ONLOOKERS.some((one) => one.test(name))) return touch(frame, cell, node, state);
  if (COPIERS.has(name)) return keep(frame, cell, { node, messageId: 'copied' }, state);
  const taking = types.takes(call, index);
  if (taking === 'borrowed') return touch(frame, cell, node, state);
  if (taking === 'opaque') return keep(frame, cell, { node, messageId: 'toUnknown' }, state);
  if (isKeeper(frame, call)) return keep(frame, cell, { node, messageId: 'inCollection' }, state);
  const isFilling = owner !== undefined && FILLING.has(calleeName(call) ?? '');
  taken.push({ cell, node, by: isFilling ? 'aliased' : 'passed', isReceiver: false });
  return state;
}

function isKeeper({ subject }: Frame, call: Calling): boolean {
  const callee = unwrap(call.callee);
  if (callee.type !== Type.MemberExpression) return false;
  const method = propertyName(callee) ?? '';
  if (!Object.values(KEEPERS).some((methods) => methods.has(method))) return false;
  return KEEPERS[subject.types.nameAt(callee.object) ?? '']?.has(method) ?? false;
}

/** A view that `instanceof` turned into a handle: it was lent, and must not be used up. */
function isNarrowed({ subject }: Frame, node: TSESTree.Node): node is TSESTree.Identifier {
  if (node.type !== Type.Identifier) return false;
  const variable = subject.variableOf(node);
  return variable !== undefined && subject.narrowed.has(variable);
}

function reportNarrowed({ subject }: Frame, node: TSESTree.Identifier): void {
  reportAlias(subject, { node, messageId: 'narrowed', name: node.name });
}

import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { evaluateClosure } from './closures.ts';
import { noteValue } from './facts.ts';
import { ALIAS, DROP, PASS, PEEK, READ, mayThrow, type Frame, type Use } from './frame.ts';
import { keep, take, takeAlong, touch } from './handles.ts';
import { ALIVE, COUNTING, LENDING } from './names.ts';
import { reportAlias, reportDisposed, reportLoss } from './reports.ts';
import { NONE, join, mark, type Cell, type State } from './state.ts';
import {
  calleeName,
  childrenOf,
  isFunction,
  isHandedOn,
  isLentTo,
  isReturned,
  propertyName,
  unwrap,
} from './syntax.ts';
import { losing } from './suggestions.ts';

/** The state after an expression, whose value is used in the given way. */
export function evaluate(frame: Frame, node: TSESTree.Node, use: Use, state: State): State {
  if (state.length === 0) return state;
  if (isFunction(node)) return evaluateClosure(frame, node, use, state);
  switch (node.type) {
    case Type.Identifier:
      return evaluateName(frame, node, use, state);
    case Type.MemberExpression:
      return evaluateMember(frame, node, use, state);
    case Type.CallExpression:
    case Type.NewExpression:
      return frame.walk.call(frame, node, use, state);
    case Type.TSNonNullExpression:
    case Type.TSSatisfiesExpression:
    case Type.TSInstantiationExpression:
      return evaluate(frame, node.expression, use, state);
    case Type.TSAsExpression:
    case Type.TSTypeAssertion:
      return evaluateCast(frame, node, use, state);
    case Type.ChainExpression:
      return evaluateChain(frame, node, use, state);
    case Type.AwaitExpression:
      return evaluateAwait(frame, node, use, state);
    case Type.AssignmentExpression:
      return frame.walk.assign(frame, node, use, state);
    case Type.ConditionalExpression: {
      const { yes, no } = frame.walk.branch(frame, node.test, state);
      return join(
        evaluate(frame, node.consequent, use, yes),
        evaluate(frame, node.alternate, use, no),
      );
    }
    case Type.LogicalExpression:
      return evaluateLogical(frame, node, use, state);
    default:
      return evaluateOther(frame, node, use, state);
  }
}

/** Reports the result of a call of which nothing becomes, if it is a handle. */
export function loseFresh(
  frame: Frame,
  node: TSESTree.CallExpression | TSESTree.NewExpression | TSESTree.AwaitExpression,
  use: Use,
  state: State,
): State {
  if (use.kind === 'take' || state.length === 0) return state;
  const inner = node.type === Type.AwaitExpression ? unwrap(node.argument) : node;
  const isCall = inner.type === Type.CallExpression || inner.type === Type.NewExpression;
  if (isCall && LENDING.has(calleeName(inner) ?? '')) return state;
  const affine = frame.subject.types.affineAt(node);
  if (affine === undefined || (affine.hold === 'no' && isLentTo(frame.body))) return state;
  const isContainer = inner.type === Type.NewExpression && affine.shape === 'carrier';
  if (isContainer || (use.kind !== 'drop' && affine.shape !== 'handle')) return state;
  const name = frame.subject.code.getText(inner).replace(/\(.*$/s, '(…)');
  const suggestion = use.kind === 'drop' ? losing(frame.subject, node) : undefined;
  reportLoss(frame.subject, { affine, node, messageId: 'dropped', name, suggestion });
  return state;
}

function evaluateOther(frame: Frame, node: TSESTree.Node, use: Use, state: State): State {
  switch (node.type) {
    case Type.SequenceExpression:
      return node.expressions.reduce(
        (at, one) => evaluate(frame, one, one === node.expressions.at(-1) ? use : DROP, at),
        state,
      );
    case Type.ObjectExpression:
      return node.properties.reduce((at, one) => evaluateProperty(frame, one, node, at), state);
    case Type.ArrayExpression:
      return node.elements.reduce(
        (at, one) => (one === null ? at : evaluateElement(frame, one, at)),
        state,
      );
    case Type.SpreadElement:
      return evaluate(frame, node.argument, PASS, state);
    case Type.UnaryExpression:
      return evaluate(frame, node.argument, node.operator === 'void' ? DROP : PEEK, state);
    case Type.BinaryExpression: {
      const isCompared = /^[!=]=|^instanceof$/.test(node.operator);
      const sides = [node.left, node.right];
      return sides.reduce((at, one) => evaluate(frame, one, isCompared ? PEEK : READ, at), state);
    }
    case Type.YieldExpression: {
      const by = node.delegate ? READ : PASS;
      const after = node.argument === null ? state : evaluate(frame, node.argument, by, state);
      mayThrow(frame, after, join);
      return after;
    }
    case Type.UpdateExpression:
      return noteValue(frame.subject, { target: node.argument }, state);
    case Type.ClassExpression:
      return frame.walk.define(frame, node, state);
    case Type.TaggedTemplateExpression:
      return evaluateTag(frame, node, state);
    default:
      return childrenOf(frame.subject.code, node).reduce(
        (at, one) => evaluate(frame, one, READ, at),
        state,
      );
  }
}

/** A tag is a function of the text and of what stands in it. */
function evaluateTag(frame: Frame, node: TSESTree.TaggedTemplateExpression, state: State): State {
  const before = evaluate(frame, node.tag, READ, state);
  return node.quasi.expressions.reduce((at, one, index) => {
    const isTaken = frame.subject.types.takes(node, index + 1) === 'owned';
    return evaluate(frame, one, isTaken ? PASS : READ, at);
  }, before);
}

/** A handle with a name or in a fixed place, used in the given way. */
export function evaluateCell(
  frame: Frame,
  cell: Cell,
  at: { readonly node: TSESTree.Node; readonly use: Use },
  state: State,
): State {
  const { node, use } = at;
  const { subject } = frame;
  if (use.kind === 'read') return touch(frame, cell, node, state);
  if (use.kind !== 'take') return state;
  if (use.by === 'passed' && isResult(node)) frame.returns.add(cell);
  if (cell.isDisposed && subject.isOwn(cell, frame.body) && isReturned(node)) {
    reportDisposed(subject, cell, node);
  }
  return take(frame, cell, { node, by: use.by, to: use.to }, state);
}

function evaluateName(frame: Frame, node: TSESTree.Identifier, use: Use, state: State): State {
  const { subject } = frame;
  const cell = subject.cellAt(node);
  if (cell !== undefined) return evaluateCell(frame, cell, { node, use }, state);
  const variable = subject.variableOf(node);
  if (variable === undefined || use.kind === 'drop' || use.kind === 'peek') return state;
  const seen = subject.views.get(variable);
  if (seen !== undefined) return touch(frame, seen, node, state);
  const fn = functionNamed(frame, node);
  return fn === undefined
    ? state
    : takeAlong(frame, fn, { node, by: 'captured', asClosure: true }, state);
}

/** What a function that a name stands for does with the handles around it. */
export function functionNamed(frame: Frame, node: TSESTree.Identifier) {
  const { subject, walk } = frame;
  const variable = subject.variableOf(node);
  if (variable === undefined) return undefined;
  const known = subject.functions.get(variable);
  if (known !== undefined) return known;
  const declared = subject.declaredFunction(variable);
  return declared === undefined ? undefined : walk.summarise(subject, declared);
}

function evaluateMember(
  frame: Frame,
  node: TSESTree.MemberExpression,
  use: Use,
  state: State,
): State {
  const { subject } = frame;
  const place = subject.cellAt(node);
  if (place !== undefined) return evaluateCell(frame, place, { node, use }, state);
  const owner = subject.cellAt(node.object);
  const name = propertyName(node) ?? '';
  const isCount = owner?.affine.shape === 'carrier' && COUNTING.has(name);
  const isQuestion = ALIVE.has(name) || isCount;
  let after = evaluate(frame, node.object, isQuestion ? PEEK : READ, state);
  if (node.optional) shortOf(frame, owner, after);
  if (node.computed) after = evaluate(frame, node.property, READ, after);
  const isIndexed = node.computed && owner?.affine.shape === 'carrier' && use.kind === 'take';
  if (isIndexed && subject.types.affineAt(node) !== undefined) {
    subject.everMoved.add(owner);
    reportAlias(subject, { node, messageId: 'byIndex', name: owner.name });
    after = mark(after, owner, NONE);
  }
  return after;
}

/** Notes where a chain ends early: then there is no handle to begin with. */
export function shortOf(frame: Frame, cell: Cell | undefined, state: State): void {
  const short = cell === undefined ? state : mark(state, cell, NONE);
  frame.shorts = join(frame.shorts, short);
}

function evaluateChain(
  frame: Frame,
  node: TSESTree.ChainExpression,
  use: Use,
  state: State,
): State {
  const outer = frame.shorts;
  frame.shorts = [];
  const after = evaluate(frame, node.expression, use, state);
  const joined = join(after, frame.shorts);
  frame.shorts = outer;
  return joined;
}

function evaluateAwait(
  frame: Frame,
  node: TSESTree.AwaitExpression,
  use: Use,
  state: State,
): State {
  const promise = frame.subject.cellAt(node.argument);
  const isPromise = promise?.affine.shape === 'promise';
  const by: Use = isPromise ? { kind: 'take', by: 'awaited' } : { kind: 'take', by: 'passed' };
  const isHandle = promise !== undefined && !isPromise;
  const after = evaluate(frame, node.argument, isHandle ? use : by, state);
  mayThrow(frame, after, join);
  return isHandle ? after : loseFresh(frame, node, use, after);
}

function evaluateLogical(
  frame: Frame,
  node: TSESTree.LogicalExpression,
  use: Use,
  state: State,
): State {
  if (node.operator === '??') {
    const left = evaluate(frame, node.left, use, state);
    const cell = frame.subject.cellAt(node.left);
    const empty = cell === undefined ? left : mark(state, cell, NONE);
    return join(left, evaluate(frame, node.right, use, empty));
  }
  const { yes, no } = frame.walk.branch(frame, node.left, state);
  const isAnd = node.operator === '&&';
  const right = evaluate(frame, node.right, use, isAnd ? yes : no);
  const cell = frame.subject.cellAt(node.left);
  const kept = isAnd ? no : yes;
  if (isAnd || cell === undefined) return join(right, kept);
  return join(right, evaluateCell(frame, cell, { node: node.left, use }, kept));
}

/** A cast away from an affine type hides the handle, a cast to one makes a second of it. */
function evaluateCast(
  frame: Frame,
  node: TSESTree.TSAsExpression | TSESTree.TSTypeAssertion,
  use: Use,
  state: State,
): State {
  const { types } = frame.subject;
  const inner = unwrap(node.expression);
  const { typeAnnotation } = node;
  const isConst = typeAnnotation.type === Type.TSTypeReference && isNamed(typeAnnotation, 'const');
  if (isConst) return evaluate(frame, inner, use, state);
  const cell = frame.subject.cellAt(inner);
  if (cell !== undefined) {
    if (types.affineAt(node) !== undefined) return evaluate(frame, inner, use, state);
    if (types.isOpaque(node)) return keep(frame, cell, { node, messageId: 'castAway' }, state);
    return evaluate(frame, inner, READ, state);
  }
  const after = evaluate(frame, node.expression, use, state);
  if (after.length > 0 && isForged(frame, node, inner)) {
    const name = frame.subject.code.getText(inner);
    reportAlias(frame.subject, { node, messageId: 'castTo', name });
  }
  return after;
}

function isForged(frame: Frame, node: TSESTree.Node, inner: TSESTree.Node): boolean {
  const { types } = frame.subject;
  const affine = types.affineAt(node);
  if (affine?.isBranded !== true || affine.shape !== 'handle') return false;
  return types.affineAt(inner) === undefined && inner.type !== Type.Literal;
}

function isNamed({ typeName }: TSESTree.TSTypeReference, name: string): boolean {
  return typeName.type === Type.Identifier && typeName.name === name;
}

function evaluateProperty(
  frame: Frame,
  node: TSESTree.Property | TSESTree.SpreadElement,
  literal: TSESTree.ObjectExpression,
  state: State,
): State {
  const { subject } = frame;
  if (node.type === Type.SpreadElement) {
    const cell = subject.cellAt(node.argument);
    const isCopied = cell?.affine.shape === 'handle';
    if (!isCopied) return evaluate(frame, node.argument, READ, state);
    return keep(frame, cell, { node, messageId: 'spread' }, state);
  }
  const before = node.computed ? evaluate(frame, node.key, READ, state) : state;
  const cell = subject.cellAt(node.value);
  if (cell === undefined) return evaluate(frame, node.value, ALIAS, before);
  const isLent = subject.types.isLentAt(literal, node);
  if (isLent) return evaluate(frame, node.value, READ, before);
  if (isHandedOn(literal)) return evaluate(frame, node.value, PASS, before);
  return keep(frame, cell, { node: node.value, messageId: 'inObject' }, before);
}

function evaluateElement(
  frame: Frame,
  node: TSESTree.Expression | TSESTree.SpreadElement,
  state: State,
): State {
  if (node.type === Type.SpreadElement) return evaluate(frame, node, READ, state);
  const cell = frame.subject.cellAt(node);
  const isLent = cell !== undefined && frame.subject.types.isLentAt(node);
  return evaluate(frame, node, isLent ? READ : ALIAS, state);
}

/** Whether a value is what a function returns, by itself. */
function isResult(node: TSESTree.Node): boolean {
  let at = node.parent;
  while (at !== undefined && unwrap(at) !== at) at = at.parent;
  if (at?.type === Type.ReturnStatement) return true;
  return at?.type === Type.ArrowFunctionExpression && unwrap(at.body) === unwrap(node);
}

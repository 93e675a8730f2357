import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { declare } from './bindings.ts';
import { followedAt } from './facts.ts';
import { DROP, PASS, READ, mayThrow, type Frame, type Jump } from './frame.ts';
import { close, forgetWithin } from './handles.ts';
import { doWhile, forEach, forLoop, whileLoop } from './loops.ts';
import { assume, join, type State } from './state.ts';
import { unwrap } from './syntax.ts';

/** The state after a statement; none where it is never left at its end. */
export function execute(frame: Frame, node: TSESTree.Node, state: State): State {
  if (state.length === 0) return state;
  switch (node.type) {
    case Type.ExpressionStatement:
      return executeExpression(frame, node, state);
    case Type.VariableDeclaration:
      return node.declarations.reduce((at, one) => declare(frame, one, at), state);
    case Type.BlockStatement:
    case Type.StaticBlock:
    case Type.TSModuleBlock:
      return executeBlock(frame, node.body, state);
    case Type.ReturnStatement: {
      const { argument } = node;
      const after = argument === null ? state : frame.walk.evaluate(frame, argument, PASS, state);
      return jump(frame, { kind: 'return', label: undefined, state: after });
    }
    case Type.IfStatement: {
      const { yes, no } = frame.walk.branch(frame, node.test, state);
      const consequent = execute(frame, node.consequent, yes);
      return join(consequent, node.alternate === null ? no : execute(frame, node.alternate, no));
    }
    case Type.ThrowStatement:
      mayThrow(frame, frame.walk.evaluate(frame, node.argument, PASS, state), join);
      return [];
    case Type.TryStatement:
      return executeTry(frame, node, state);
    case Type.SwitchStatement:
      return executeSwitch(frame, node, state);
    default:
      return executeOther(frame, node, state);
  }
}

/** The state after statements in a block of their own: what they declare ends with it. */
export function executeBlock(
  frame: Frame,
  statements: readonly TSESTree.Node[],
  state: State,
): State {
  const outer = frame.declared;
  const before = frame.jumps.length;
  frame.declared = [];
  let after = state;
  for (const one of statements) after = execute(frame, one, after);
  const ended = frame.declared.filter((cell) => !isFunctionWide(cell.root?.defs[0]?.parent));
  outer.push(...frame.declared.filter((cell) => !ended.includes(cell)));
  frame.declared = outer;
  closeJumps(frame, before, (left) => close(frame, ended, left));
  return close(frame, ended, after);
}

/** Applies the end of a block to the jumps out of it. */
export function closeJumps(frame: Frame, from: number, ending: (state: State) => State): void {
  frame.jumps = frame.jumps.map((one, at) =>
    at < from ? one : { ...one, state: ending(one.state) },
  );
}

/** Takes the jumps that arrive here. */
export function arrive(frame: Frame, from: number, isHere: (one: Jump) => boolean): State {
  const here = frame.jumps.filter((one, at) => at >= from && isHere(one));
  frame.jumps = frame.jumps.filter((one) => !here.includes(one));
  return here.map((one) => one.state).reduce(join, []);
}

function executeOther(frame: Frame, node: TSESTree.Node, state: State): State {
  switch (node.type) {
    case Type.WhileStatement:
      return whileLoop(frame, node, state);
    case Type.DoWhileStatement:
      return doWhile(frame, node, state);
    case Type.ForStatement:
      return forLoop(frame, node, state);
    case Type.ForOfStatement:
    case Type.ForInStatement:
      return forEach(frame, node, state);
    case Type.LabeledStatement:
      return executeLabelled(frame, node, state);
    case Type.BreakStatement:
      return jump(frame, { kind: 'break', label: node.label?.name, state });
    case Type.ContinueStatement:
      return jump(frame, { kind: 'continue', label: node.label?.name, state });
    case Type.ClassDeclaration:
      return frame.walk.define(frame, node, state);
    case Type.ExportNamedDeclaration:
      return node.declaration === null ? state : execute(frame, node.declaration, state);
    case Type.ExportDefaultDeclaration:
      return executeDefault(frame, node.declaration, state);
    case Type.TSModuleDeclaration:
      return node.declare || node.body === undefined ? state : execute(frame, node.body, state);
    case Type.WithStatement:
      return execute(frame, node.body, state);
    default:
      return state;
  }
}

function executeDefault(frame: Frame, node: TSESTree.Node, state: State): State {
  const isStatement = node.type.endsWith('Declaration');
  return isStatement ? execute(frame, node, state) : frame.walk.evaluate(frame, node, PASS, state);
}

function executeExpression(
  frame: Frame,
  { expression }: TSESTree.ExpressionStatement,
  state: State,
): State {
  const after = frame.walk.evaluate(frame, expression, DROP, state);
  const call = unwrap(expression);
  const isCall = call.type === Type.CallExpression || call.type === Type.AwaitExpression;
  return isCall && frame.subject.types.isNever(call) ? [] : after;
}

function executeLabelled(frame: Frame, node: TSESTree.LabeledStatement, state: State): State {
  const from = frame.jumps.length;
  const after = execute(frame, node.body, state);
  const isHere = ({ kind, label }: Jump) => kind === 'break' && label === node.label.name;
  return join(after, arrive(frame, from, isHere));
}

function executeTry(frame: Frame, node: TSESTree.TryStatement, state: State): State {
  const { block, handler, finalizer } = node;
  const outer = frame.throws;
  const from = frame.jumps.length;
  frame.throws = [];
  let after = execute(frame, block, state);
  const thrown = forgetWithin(block, frame.throws);
  let uncaught: State = thrown;
  if (handler !== null) {
    frame.throws = finalizer === null ? outer : [];
    after = join(after, execute(frame, handler.body, thrown));
    uncaught = finalizer === null ? [] : forgetWithin(handler, frame.throws ?? []);
  }
  frame.throws = outer;
  if (finalizer === null) return after;
  const left = frame.jumps.slice(from);
  frame.jumps = frame.jumps.slice(0, from);
  for (const { kind, label } of distinct(left)) {
    const same = left.filter((one) => one.kind === kind && one.label === label);
    const joined = same.map((one) => one.state).reduce(join, []);
    jump(frame, { kind, label, state: execute(frame, finalizer, joined) });
  }
  mayThrow(frame, execute(frame, finalizer, uncaught), join);
  return execute(frame, finalizer, after);
}

function distinct(jumps: readonly Jump[]): readonly Jump[] {
  return jumps.filter(
    ({ kind, label }, at) =>
      jumps.findIndex((one) => one.kind === kind && one.label === label) === at,
  );
}

function executeSwitch(frame: Frame, node: TSESTree.SwitchStatement, state: State): State {
  const from = frame.jumps.length;
  const outer = frame.declared;
  frame.declared = [];
  let waiting = frame.walk.evaluate(frame, node.discriminant, READ, state);
  let entered: State = [];
  const fallback = node.cases.find((one) => one.test === null);
  for (const one of node.cases) {
    if (one.test !== null) {
      const { yes, no } = branchCase(frame, node.discriminant, one.test, waiting);
      waiting = no;
      entered = join(entered, yes);
    } else {
      entered = join(entered, waiting);
    }
    for (const statement of one.consequent) entered = execute(frame, statement, entered);
  }
  const isComplete = fallback !== undefined || coversAll(frame, node);
  const ended = frame.declared;
  frame.declared = outer;
  closeJumps(frame, from, (left) => close(frame, ended, left));
  const end = join(close(frame, ended, entered), isComplete ? [] : waiting);
  return join(
    end,
    arrive(frame, from, ({ kind, label }) => kind === 'break' && label === undefined),
  );
}

function branchCase(frame: Frame, value: TSESTree.Node, test: TSESTree.Node, state: State) {
  const { subject } = frame;
  const followed = followedAt(subject, value);
  if (followed === undefined || unwrap(test).type !== Type.Literal)
    return { yes: state, no: state };
  const { of } = followed;
  const key = `${followed.key}===${subject.code.getText(test)}`;
  return {
    yes: assume(state, key, { value: true, of }),
    no: assume(state, key, { value: false, of }),
  };
}

/** Whether there is a case for every value that the type of a `switch` lists. */
function coversAll({ subject }: Frame, node: TSESTree.SwitchStatement): boolean {
  const values = subject.types.valuesAt(node.discriminant);
  if (values === undefined) return false;
  const covered = new Set(
    node.cases.map(({ test }) => (test?.type === Type.Literal ? test.value : undefined)),
  );
  return [...values].every((value) => covered.has(value as never));
}

function jump(frame: Frame, one: Jump): State {
  if (one.state.length > 0) frame.jumps.push(one);
  return [];
}

function isFunctionWide(declaration: TSESTree.Node | null | undefined): boolean {
  return declaration?.type === Type.VariableDeclaration && declaration.kind === 'var';
}

import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { bindTargets } from './patterns.ts';
import { PASS, READ, mayThrow, type Frame, type Jump } from './frame.ts';
import { close, forgetWithin, take, touch } from './handles.ts';
import { NONE, OWNED, isSame, join, type Cell, type State } from './state.ts';
import { propertyName, unwrap } from './syntax.ts';

/** Rounds after which a loop is taken to say no more. */
const ROUNDS_MAX = 12;

/** One loop: what it does in a turn. */
interface Turn {
  readonly node: TSESTree.Node;
  /** The state at the end of a turn, given that at its beginning, and the ways out beside it. */
  readonly run: (state: State) => { readonly next: State; readonly out: State };
}

/** The state after `while`. */
export function whileLoop(frame: Frame, node: TSESTree.WhileStatement, state: State): State {
  const run = (at: State) => {
    const { yes, no } = frame.walk.branch(frame, node.test, at);
    const { next, out } = bodyOf(frame, node, yes);
    return { next, out: join(no, out) };
  };
  return goRound(frame, { node, run }, state);
}

/** The state after `do … while`. */
export function doWhile(frame: Frame, node: TSESTree.DoWhileStatement, state: State): State {
  const run = (at: State) => {
    const { next, out } = bodyOf(frame, node, at);
    const { yes, no } = frame.walk.branch(frame, node.test, next);
    return { next: yes, out: join(out, no) };
  };
  return goRound(frame, { node, run }, state);
}

/** The state after `for (;;)`. */
export function forLoop(frame: Frame, node: TSESTree.ForStatement, state: State): State {
  const outer = frame.declared;
  const from = frame.jumps.length;
  frame.declared = [];
  const { init, test, update } = node;
  let before = state;
  if (init?.type === Type.VariableDeclaration) before = frame.walk.execute(frame, init, state);
  else if (init !== null) before = frame.walk.evaluate(frame, init, READ, state);
  const run = (at: State) => {
    const { yes, no } = test === null ? { yes: at, no: [] } : frame.walk.branch(frame, test, at);
    const { next, out } = bodyOf(frame, node, yes);
    const after = update === null ? next : frame.walk.evaluate(frame, update, READ, next);
    return { next: after, out: join(no, out) };
  };
  const after = goRound(frame, { node: node.body, run }, before);
  const ended = frame.declared;
  frame.declared = outer;
  frame.jumps = frame.jumps.map((one, at) =>
    at < from ? one : { ...one, state: close(frame, ended, one.state) },
  );
  return close(frame, ended, after);
}

/** The state after `for … of` and `for … in`. */
export function forEach(
  frame: Frame,
  node: TSESTree.ForOfStatement | TSESTree.ForInStatement,
  state: State,
): State {
  const list = listOf(frame, node.right);
  const isUsedUp = node.type === Type.ForOfStatement && usesUp(frame, node, state);
  const before =
    list === undefined
      ? frame.walk.evaluate(frame, node.right, PASS, state)
      : walkThrough(frame, list, { node: unwrap(node.right), isUsedUp }, state);
  mayThrow(frame, before, join);
  const isFresh = list === undefined && FRESH.has(unwrap(node.right).type);
  const marks = isUsedUp || isFresh ? OWNED : NONE;
  const run = (at: State) => {
    const { next, out } = turnOf(frame, node, marks, at);
    return { next, out: join(at, out) };
  };
  return goRound(frame, { node, run }, before);
}

/** The list that is gone through, also by `list.values()` or `list.entries()`. */
function listOf({ subject }: Frame, right: TSESTree.Node): Cell | undefined {
  const node = unwrap(right);
  const callee = node.type === Type.CallExpression ? unwrap(node.callee) : undefined;
  const isView =
    callee?.type === Type.MemberExpression && /^(values|entries)$/.test(propertyName(callee) ?? '');
  const cell = subject.cellAt(isView ? callee.object : node);
  return cell?.affine.shape === 'carrier' ? cell : undefined;
}

const FRESH: ReadonlySet<string> = new Set([
  Type.ArrayExpression,
  Type.AwaitExpression,
  Type.CallExpression,
]);

/** Whether a turn of a loop uses up the element that it gets; found out in a trial. */
function usesUp(frame: Frame, node: TSESTree.ForOfStatement, state: State): boolean {
  const { findings, everMoved } = frame.subject;
  const cells = targetsOf(frame, node);
  if (cells.length === 0) return false;
  const from = frame.jumps.length;
  const { throws } = frame;
  findings.muted(() => turnOf(frame, node, NONE, state));
  frame.jumps = frame.jumps.slice(0, from);
  frame.throws = throws;
  return cells.some((cell) => everMoved.has(cell));
}

function targetsOf(frame: Frame, { left }: TSESTree.ForOfStatement): readonly Cell[] {
  if (left.type !== Type.VariableDeclaration) return [];
  return (
    frame.subject.code.getDeclaredVariables?.(left)?.flatMap((variable) => {
      const cell = frame.subject.cellOf(variable);
      return cell === undefined ? [] : [cell];
    }) ?? []
  );
}

function walkThrough(
  frame: Frame,
  list: Cell,
  at: { readonly node: TSESTree.Node; readonly isUsedUp: boolean },
  state: State,
): State {
  const { node, isUsedUp } = at;
  return isUsedUp
    ? take(frame, list, { node, by: 'consumed' }, state)
    : touch(frame, list, node, state);
}

function turnOf(
  frame: Frame,
  node: TSESTree.ForOfStatement | TSESTree.ForInStatement,
  marks: number,
  state: State,
): { readonly next: State; readonly out: State } {
  const outer = frame.declared;
  const from = frame.jumps.length;
  frame.declared = [];
  const { left } = node;
  const target = left.type === Type.VariableDeclaration ? left.declarations[0]?.id : left;
  const before = target === undefined ? state : bindTargets(frame, target, marks, state);
  const { next, out } = bodyOf(frame, node, before);
  const ended = left.type === Type.VariableDeclaration ? frame.declared : [];
  frame.declared = outer;
  frame.jumps = frame.jumps.map((one, at) =>
    at < from ? one : { ...one, state: close(frame, ended, one.state) },
  );
  return { next: close(frame, ended, next), out: close(frame, ended, out) };
}

/** The state after the body of a loop, `continue` included, and that after `break`. */
function bodyOf(
  frame: Frame,
  node: TSESTree.Node & { readonly body: TSESTree.Statement },
  state: State,
): { readonly next: State; readonly out: State } {
  const from = frame.jumps.length;
  const after = frame.walk.execute(frame, node.body, state);
  const labels = labelsOf(node);
  const isMine = ({ label }: Jump) => label === undefined || labels.has(label);
  const mine = frame.jumps.filter((one, at) => at >= from && isMine(one) && one.kind !== 'return');
  frame.jumps = frame.jumps.filter((one) => !mine.includes(one));
  const all = (kind: Jump['kind']) =>
    mine.filter((one) => one.kind === kind).map((one) => one.state);
  return { next: [after, ...all('continue')].reduce(join), out: all('break').reduce(join, []) };
}

function labelsOf(node: TSESTree.Node): ReadonlySet<string> {
  const labels = new Set<string>();
  let around = node.parent;
  while (around?.type === Type.LabeledStatement) {
    labels.add(around.label.name);
    around = around.parent;
  }
  return labels;
}

/** Goes round until a turn tells nothing new, then once more to report. */
function goRound(frame: Frame, { node, run }: Turn, state: State): State {
  const { findings } = frame.subject;
  const from = frame.jumps.length;
  const { throws } = frame;
  let at = state;
  let last = findings.muted(() => run(at));
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const joined = join(at, forgetWithin(node, last.next));
    if (isSame(joined, at)) break;
    at = joined;
    frame.jumps = frame.jumps.slice(0, from);
    frame.throws = throws;
    last = findings.muted(() => run(at));
  }
  if (findings.isMuted) return last.out;
  frame.jumps = frame.jumps.slice(0, from);
  frame.throws = throws;
  return run(at).out;
}

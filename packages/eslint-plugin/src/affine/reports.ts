import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import type { AffineRule, Suggestion } from './findings.ts';
import { TOGETHER } from './names.ts';
import type { Cell, Move } from './state.ts';
import type { Subject } from './subject.ts';
import {
  callAround,
  calleeName,
  commonAncestor,
  isFunction,
  isWithin,
  parentOf,
  propertyName,
  unwrap,
  type Calling,
} from './syntax.ts';
import type { Affine } from './type-questions.ts';

/** A use that comes after the handle has left its cell. */
interface Late {
  readonly cell: Cell;
  readonly node: TSESTree.Node;
  readonly moves: readonly Move[];
  /** Whether the late use is a closure that takes the handle along. */
  readonly asClosure: boolean;
}

/** Reports a late use: as such, as a second name, or as a fan-out, by how the handle left. */
export function reportLate(subject: Subject, late: Late): void {
  const { cell, node, moves, asClosure } = late;
  const move = moves.find((one) => one.node === node) ?? moves[0];
  if (move === undefined) return;
  const line = String(move.node.loc.start.line);
  const method = methodOf(move) ?? '';
  const data = { name: cell.name, line, how: howOf(move), method, share: shareOf(cell) };
  if (move.by === 'aliased' && !asClosure) {
    if (move.to !== undefined) subject.excused.add(move.to);
    subject.findings.add({ rule: 'no-alias', messageId: 'secondPlace', node: move.node, data });
    return;
  }
  const isRound = move.node === node;
  if (isRound ? isUnawaited(subject, late) : isTogether(move.node, node)) {
    const messageId = isRound ? 'eachTurn' : 'inParallel';
    subject.findings.add({ rule: 'no-fan-out', messageId, node, data });
    return;
  }
  if (asClosure && move.by === 'captured') {
    subject.findings.add({ rule: 'no-alias', messageId: 'secondClosure', node, data });
  } else if (move.by === 'awaited') {
    subject.findings.add({ rule: 'no-alias', messageId: 'awaitedTwice', node, data });
  } else {
    const messageId = isRound ? 'movedInLoop' : messageOf(subject, move);
    subject.findings.add({ rule: 'no-use-after-move', messageId, node, data });
  }
}

/** Reports a second place for a handle. */
export function reportAlias(
  subject: Subject,
  about: { readonly node: TSESTree.Node; readonly messageId: string; readonly name: string },
): void {
  const { node, messageId, name } = about;
  subject.findings.add({ rule: 'no-alias', messageId, node, data: { name } });
}

/** Reports a handle that goes out of the block at whose end it is disposed of. */
export function reportDisposed(subject: Subject, { name }: Cell, node: TSESTree.Node): void {
  const data = { name };
  subject.findings.add({ rule: 'no-use-after-move', messageId: 'disposed', node, data });
}

/** Reports a handle in something that is repeated. */
export function reportFanOut(
  subject: Subject,
  about: { readonly node: TSESTree.Node; readonly cell: Cell; readonly by: string },
): void {
  const { node, cell, by } = about;
  const data = { name: cell.name, by, share: shareOf(cell) };
  subject.findings.add({ rule: 'no-fan-out', messageId: 'repeated', node, data });
}

/** Reports a handle that is lost, under the rule for what it is. */
export function reportLoss(
  subject: Subject,
  about: {
    readonly affine: Affine;
    readonly node: TSESTree.Node;
    readonly messageId: string;
    readonly name: string;
    readonly suggestion?: Suggestion | undefined;
  },
): void {
  const { affine, node, messageId, name, suggestion } = about;
  for (const rule of LOSSES[affine.hold]) {
    subject.findings.add({
      rule,
      messageId,
      node,
      data: { name, ends: endsOf(affine) },
      suggestion,
    });
  }
}

const LOSSES: Readonly<Record<Affine['hold'], readonly AffineRule[]>> = {
  no: ['no-leaked-budget'],
  yes: ['no-floating-reservation'],
  both: ['no-leaked-budget', 'no-floating-reservation'],
};

/** The methods that end a handle, for a message. */
function endsOf({ consuming }: Affine): string {
  const known = ['close', 'settle', 'release'].filter((name) => consuming.has(name));
  const names = known.length > 0 ? known : [...consuming];
  return names.length === 0 ? 'call it' : names.map((name) => `\`${name}(…)\``).join(' or ');
}

/** What a message proposes instead of the handle itself. */
function shareOf({ name, affine }: Cell): string {
  return affine.consuming.has('split') || affine.consuming.size === 0
    ? `a share (\`${name}.carve(…)\`)`
    : 'one of its own';
}

function messageOf({ types }: Subject, move: Move): string {
  const { by, node } = move;
  if (by === 'consumed') {
    const call = callAround(node);
    const isNext = call !== undefined && types.affineAt(call) !== undefined;
    return isNext && methodOf(move) !== undefined ? 'usedUp' : 'ended';
  }
  return by === 'captured' ? 'inClosure' : 'handedOn';
}

/** The method that used a handle up: `spend`. */
function methodOf({ node, by }: Move): string | undefined {
  const member = parentOf(node);
  if (by !== 'consumed' || member?.type !== Type.MemberExpression) return undefined;
  return unwrap(member.object) === node ? propertyName(member) : undefined;
}

/** How a handle left, for a message: `spend`, `runAgent`, the caller. */
function howOf({ node, by }: Move): string {
  const call = callAround(isFunction(node) ? (node.parent ?? node) : node);
  const name = call === undefined ? undefined : calleeName(call);
  const isCalled = by === 'consumed' || by === 'passed';
  return name !== undefined && isCalled ? `\`${name}\`` : 'somebody else';
}

/** Whether a move that comes again in each turn leaves something running. */
function isUnawaited({ types }: Subject, { node, asClosure }: Late): boolean {
  if (asClosure) return true;
  const call = callAround(node);
  if (call === undefined || parentOf(call)?.type === Type.AwaitExpression) return false;
  return types.nameAt(call) === 'Promise';
}

/** Whether two uses stand in one list, or among the arguments of one `Promise.all`. */
function isTogether(first: TSESTree.Node, second: TSESTree.Node): boolean {
  const around = unwrap(commonAncestor(second, first));
  if (around.type === Type.CallExpression) return isCombining(around);
  if (around.type !== Type.ArrayExpression) return false;
  const element = around.elements.find((one) => one !== null && isWithin(second, one));
  if (element === undefined || element === null) return false;
  const plain = unwrap(element);
  return plain !== unwrap(second) && plain.type !== Type.AwaitExpression;
}

function isCombining(call: Calling): boolean {
  const callee = unwrap(call.callee);
  if (callee.type !== Type.MemberExpression || callee.object.type !== Type.Identifier) return false;
  return callee.object.name === 'Promise' && TOGETHER.has(calleeName(call) ?? '');
}

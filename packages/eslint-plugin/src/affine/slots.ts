import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { reportLoss } from './reports.ts';
import type { Subject, Variable } from './subject.ts';
import { parentOf, propertyName, unwrap } from './syntax.ts';

/** What leaves the budget in its slot. */
const LEAVING: ReadonlySet<string> = new Set(['isEmpty', 'view', 'put']);

/** Reports a full slot that is only looked at: nobody can take out what is in it. */
export function reportFullSlot(
  subject: Subject,
  variable: Variable,
  init: TSESTree.Expression,
): void {
  const made = unwrap(init);
  if (made.type !== Type.NewExpression || made.arguments.length === 0) return;
  if (subject.types.nameAt(made) !== 'Slot') return;
  const [argument] = made.arguments;
  const affine = argument === undefined ? undefined : subject.types.affineAt(argument);
  if (affine === undefined || isExported(variable)) return;
  const uses = variable.references.filter(({ init: isFirst }) => isFirst !== true);
  if (!uses.every(({ identifier }) => isLeft(identifier))) return;
  reportLoss(subject, { affine, node: init, messageId: 'neverUsedUp', name: variable.name });
}

function isLeft(identifier: TSESTree.Node): boolean {
  const member = parentOf(identifier);
  if (member?.type !== Type.MemberExpression || unwrap(member.object) !== identifier) return false;
  return LEAVING.has(propertyName(member) ?? '');
}

function isExported({ defs, references }: Variable): boolean {
  const isDeclared = defs[0]?.parent?.parent?.type === Type.ExportNamedDeclaration;
  return (
    isDeclared || references.some((one) => one.identifier.parent?.type === Type.ExportSpecifier)
  );
}

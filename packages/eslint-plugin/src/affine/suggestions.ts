import { AST_NODE_TYPES as Type, TSESLint, type TSESTree } from '@typescript-eslint/utils';
import type { Suggestion } from './findings.ts';
import type { Subject } from './subject.ts';
import { calleeName, unwrap } from './syntax.ts';

/**
 * `b.spend(x);` -> `b = b.spend(x);`, where `b` can be assigned and the call gives back what it is
 * called on.
 */
export function losing(subject: Subject, node: TSESTree.Node): Suggestion | undefined {
  const awaited = node.type === Type.AwaitExpression ? unwrap(node.argument) : node;
  if (awaited.type !== Type.CallExpression) return undefined;
  const owner = ownerOf(awaited);
  if (owner === undefined || node.parent?.type !== Type.ExpressionStatement) return undefined;
  const method = calleeName(awaited) ?? '';
  if (subject.cellAt(owner)?.affine.consuming.has(method) !== true) return undefined;
  const definition = subject.variableOf(owner)?.defs[0];
  const isLet =
    definition?.parent?.type === Type.VariableDeclaration && definition.parent.kind === 'let';
  if (!isLet && definition?.type !== TSESLint.Scope.DefinitionType.Parameter) return undefined;
  if (subject.types.affineAt(node)?.shape !== 'handle') return undefined;
  return {
    messageId: 'assignBack',
    data: { name: owner.name, method },
    fix: (fixer) => fixer.insertTextBefore(node, `${owner.name} = `),
  };
}

/** The variable whose handle a call uses up: its receiver. */
function ownerOf({ callee }: TSESTree.CallExpression): TSESTree.Identifier | undefined {
  const member = unwrap(callee);
  if (member.type !== Type.MemberExpression || member.optional) return undefined;
  return member.object.type === Type.Identifier ? member.object : undefined;
}

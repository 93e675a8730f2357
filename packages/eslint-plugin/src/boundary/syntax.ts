import {
  AST_NODE_TYPES as Type,
  ASTUtils,
  type TSESLint,
  type TSESTree,
} from '@typescript-eslint/utils';

/** How many names are followed from one to the next before an answer is given up. */
export const STEPS_MAX = 8;

/** What an import binds, and from which module. */
export interface Imported {
  readonly module: string;
  /** The name in the module; `default` and `*` for the whole. */
  readonly name: string;
}

/** A function with a body of its own. */
export type FunctionNode =
  | TSESTree.ArrowFunctionExpression
  | TSESTree.FunctionDeclaration
  | TSESTree.FunctionExpression;

/** The expression inside of type assertions, `await` and the wrapper of an optional chain. */
export function bare(node: TSESTree.Node): TSESTree.Node {
  let inner = node;
  while (
    inner.type === Type.TSAsExpression ||
    inner.type === Type.TSNonNullExpression ||
    inner.type === Type.TSSatisfiesExpression ||
    inner.type === Type.TSTypeAssertion ||
    inner.type === Type.ChainExpression ||
    inner.type === Type.AwaitExpression
  ) {
    inner = inner.type === Type.AwaitExpression ? inner.argument : inner.expression;
  }
  return inner;
}

/** How a member or property is called, where that is written out: `a.b`, `a['b']`, `{ b }`. */
export function nameOf(
  node: TSESTree.MemberExpression | TSESTree.Property | TSESTree.PropertyDefinition,
): string | undefined {
  const key = node.type === Type.MemberExpression ? node.property : node.key;
  if (key.type === Type.PrivateIdentifier) return `#${key.name}`;
  if (!node.computed && key.type === Type.Identifier) return key.name;
  return key.type === Type.Literal && typeof key.value === 'string' ? key.value : undefined;
}

/** The variable that an identifier stands for; a global has one without definitions, or none. */
export function variableOf(
  code: Readonly<TSESLint.SourceCode>,
  node: TSESTree.Identifier,
): TSESLint.Scope.Variable | undefined {
  return ASTUtils.findVariable(code.getScope(node), node) ?? undefined;
}

/** Whether a name is the one that the runtime gives, and nothing in the file has it. */
export function isGlobal(code: Readonly<TSESLint.SourceCode>, node: TSESTree.Identifier): boolean {
  return (variableOf(code, node)?.defs.length ?? 0) === 0;
}

/** What a variable stands for if it is an import. */
export function importOf(variable: TSESLint.Scope.Variable | undefined): Imported | undefined {
  const definition = variable?.defs[0];
  if (definition?.parent?.type !== Type.ImportDeclaration) return undefined;
  const module = definition.parent.source.value;
  const { node } = definition;
  if (node.type === Type.ImportDefaultSpecifier) return { module, name: 'default' };
  if (node.type !== Type.ImportSpecifier) return { module, name: '*' };
  const { imported } = node;
  return { module, name: imported.type === Type.Identifier ? imported.name : imported.value };
}

/** The import that an expression is, by name or as a member of an imported namespace. */
export function importedAs(
  code: Readonly<TSESLint.SourceCode>,
  node: TSESTree.Node,
): Imported | undefined {
  const plain = bare(node);
  if (plain.type === Type.Identifier) return importOf(variableOf(code, plain));
  if (plain.type !== Type.MemberExpression || plain.object.type !== Type.Identifier)
    return undefined;
  const whole = importOf(variableOf(code, plain.object));
  const name = nameOf(plain);
  if (whole === undefined || name === undefined) return undefined;
  return whole.name === '*' || whole.name === 'default'
    ? { module: whole.module, name }
    : undefined;
}

/** What a variable was declared with, where nothing else is ever assigned to it. */
export function initialValue(
  variable: TSESLint.Scope.Variable | undefined,
): TSESTree.Expression | undefined {
  const definition = variable?.defs[0];
  if (definition?.node.type !== Type.VariableDeclarator || variable?.defs.length !== 1)
    return undefined;
  if (definition.node.id.type !== Type.Identifier) return undefined;
  const isConstant = variable.references.every((one) => one.init === true || !one.isWrite());
  return isConstant ? (definition.node.init ?? undefined) : undefined;
}

/** What a call runs, where that is a function of this file. */
export function functionOf(
  code: Readonly<TSESLint.SourceCode>,
  node: TSESTree.Node,
): FunctionNode | undefined {
  const plain = bare(node);
  if (isFunction(plain)) return plain;
  if (plain.type !== Type.Identifier) return undefined;
  const variable = variableOf(code, plain);
  const declared = variable?.defs[0]?.node;
  if (declared?.type === Type.FunctionDeclaration) return declared;
  const value = initialValue(variable);
  return value !== undefined && isFunction(value) ? value : undefined;
}

/** Whether a node is a function with a body. */
export function isFunction(node: TSESTree.Node): node is FunctionNode {
  return (
    node.type === Type.ArrowFunctionExpression ||
    node.type === Type.FunctionDeclaration ||
    node.type === Type.FunctionExpression
  );
}

/** In which function a node stands; `undefined` at the top of the file. */
export function functionAround(node: TSESTree.Node): FunctionNode | undefined {
  let around = parentOf(node);
  while (around !== undefined && !isFunction(around)) around = parentOf(around);
  return around;
}

/** What is around a node; ESLint gives the whole file `null`, which its types do not say. */
export function parentOf(node: TSESTree.Node): TSESTree.Node | undefined {
  return node.parent ?? undefined;
}

/** The nodes directly under a node. */
export function childrenOf(
  code: Readonly<TSESLint.SourceCode>,
  node: TSESTree.Node,
): TSESTree.Node[] {
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  return (code.visitorKeys[node.type] ?? []).flatMap((key) => {
    const value = fields[key];
    return (Array.isArray(value) ? value : [value]).filter(isNode);
  });
}

/**
 * Every node under `root` and itself. Where `enters` says no, the node is given and what is under
 * it is not.
 */
export function nodesUnder(
  code: Readonly<TSESLint.SourceCode>,
  root: TSESTree.Node,
  enters: (node: TSESTree.Node) => boolean = () => true,
): TSESTree.Node[] {
  const found: TSESTree.Node[] = [];
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    found.push(node);
    if (node === root || enters(node)) waiting.push(...childrenOf(code, node));
  }
  return found;
}

function isNode(value: unknown): value is TSESTree.Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

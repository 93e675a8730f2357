/** What an expression comes to when a caught error is a refused call. */

import { AST_NODE_TYPES as Type, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { bare, nameOf, variableOf } from './syntax.ts';

/** What is known of a value: all of it, that it is the error, or nothing. */
export type Value =
  | { readonly kind: 'known'; readonly value: string | number | boolean | null | undefined }
  | { readonly kind: 'error' }
  | { readonly kind: 'unknown' };

/** What the names of a `catch` stand for. */
export type Names = Map<TSESLint.Scope.Variable, Value>;

const ERROR: Value = { kind: 'error' };
const UNKNOWN: Value = { kind: 'unknown' };

/** The fields of a refusal that decide a question about it. */
const FIELDS: Readonly<Record<string, string | number | boolean>> = {
  code: 'BUDGET_CAP',
  kind: 'refusal',
  name: 'BudgetCapError',
  retryable: false,
  status: 402,
  statusCode: 402,
};

/** Classes that a refusal is an instance of. */
const ITS_CLASSES = new Set(['BudgetCapError', 'Error', 'HardcapError', 'Object', 'RefusalError']);

/** Classes of SDKs that it may be one of: an SDK makes the error, the guard marks it as its own. */
const MAYBE_ITS_CLASSES =
  /^(API(Call|Status)?Error|AISDKError|AnthropicError|OpenAIError|RetryError)$/;

/** Evaluates an expression under the assumption that the error is a refusal by a cap. */
export function valueOf(
  code: Readonly<TSESLint.SourceCode>,
  names: Names,
  expression: TSESTree.Node,
): Value {
  const node = bare(expression);
  const of = (inner: TSESTree.Node) => valueOf(code, names, inner);
  switch (node.type) {
    case Type.Literal:
      return typeof node.value === 'object' && node.value !== null ? UNKNOWN : known(node.value);
    case Type.Identifier: {
      if (node.name === 'undefined') return known(undefined);
      const variable = variableOf(code, node);
      return (variable === undefined ? undefined : names.get(variable)) ?? UNKNOWN;
    }
    case Type.MemberExpression:
      return fieldOf(of(node.object), nameOf(node));
    case Type.UnaryExpression:
      return unary(node.operator, of(node.argument));
    case Type.LogicalExpression:
      return logical(node.operator, of(node.left), () => of(node.right));
    case Type.ConditionalExpression: {
      const test = truthOf(of(node.test));
      if (test === undefined) return UNKNOWN;
      return of(test ? node.consequent : node.alternate);
    }
    case Type.BinaryExpression:
      return binary(code, names, node);
    case Type.CallExpression:
      return classQuestion(node, of);
    default:
      return UNKNOWN;
  }
}

/** Whether a value counts as true; `undefined` where that is not known. */
export function truthOf(value: Value): boolean | undefined {
  if (value.kind === 'error') return true;
  return value.kind === 'known' ? Boolean(value.value) : undefined;
}

function known(value: unknown): Value {
  const isPlain =
    value === null || ['boolean', 'number', 'string', 'undefined'].includes(typeof value);
  return isPlain ? { kind: 'known', value: value as string } : UNKNOWN;
}

function fieldOf(object: Value, name: string | undefined): Value {
  if (object.kind !== 'error' || name === undefined || !Object.hasOwn(FIELDS, name)) return UNKNOWN;
  return known(FIELDS[name]);
}

function unary(operator: string, value: Value): Value {
  if (operator === '!') {
    const truth = truthOf(value);
    return truth === undefined ? UNKNOWN : known(!truth);
  }
  if (operator !== 'typeof' || value.kind === 'unknown') return UNKNOWN;
  return known(value.kind === 'error' ? 'object' : typeof value.value);
}

function logical(operator: string, left: Value, right: () => Value): Value {
  if (operator === '??') {
    const isNullish = left.kind === 'known' && (left.value ?? undefined) === undefined;
    if (left.kind === 'unknown') return UNKNOWN;
    return isNullish ? right() : left;
  }
  const truth = truthOf(left);
  const decides = operator === '||';
  if (truth !== undefined) return truth === decides ? left : right();
  // `a || true` is true whatever `a` is.
  const other = right();
  return truthOf(other) === decides ? known(decides) : UNKNOWN;
}

function binary(
  code: Readonly<TSESLint.SourceCode>,
  names: Names,
  node: TSESTree.BinaryExpression,
): Value {
  if (node.operator === 'instanceof') {
    const isError = valueOf(code, names, node.left).kind === 'error';
    return isError ? isInstance(node.right) : UNKNOWN;
  }
  const right = valueOf(code, names, node.right);
  if (node.operator === 'in') {
    if (right.kind !== 'error' || node.left.type !== Type.Literal) return UNKNOWN;
    return Object.hasOwn(FIELDS, String(node.left.value)) ? known(true) : UNKNOWN;
  }
  const left = valueOf(code, names, node.left);
  if (left.kind !== 'known' || right.kind !== 'known') return UNKNOWN;
  return compared(node.operator, left.value, right.value);
}

function compared(operator: string, left: unknown, right: unknown): Value {
  switch (operator) {
    case '==':
    case '===':
      return known(left === right);
    case '!=':
    case '!==':
      return known(left !== right);
    default:
      break;
  }
  if (typeof left !== 'number' || typeof right !== 'number') return UNKNOWN;
  switch (operator) {
    case '<':
      return known(left < right);
    case '<=':
      return known(left <= right);
    case '>':
      return known(left > right);
    case '>=':
      return known(left >= right);
    default:
      return UNKNOWN;
  }
}

/** `BudgetCapError.isInstance(error)`, and the same question of another class. */
function classQuestion(
  { callee, arguments: [first] }: TSESTree.CallExpression,
  of: (node: TSESTree.Node) => Value,
): Value {
  if (callee.type !== Type.MemberExpression || first === undefined) return UNKNOWN;
  const isAsked = ['isError', 'isInstance'].includes(nameOf(callee) ?? '');
  return isAsked && of(first).kind === 'error' ? isInstance(callee.object) : UNKNOWN;
}

function isInstance(classOf: TSESTree.Node): Value {
  const plain = bare(classOf);
  const name =
    plain.type === Type.Identifier
      ? plain.name
      : plain.type === Type.MemberExpression
        ? nameOf(plain)
        : undefined;
  if (name === undefined || MAYBE_ITS_CLASSES.test(name)) return UNKNOWN;
  return known(ITS_CLASSES.has(name));
}

/** The error itself, for the name that a `catch` gives it. */
export const THE_ERROR = ERROR;

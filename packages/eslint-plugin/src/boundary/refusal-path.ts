/** The ways that a refused call takes through a `catch`, and whether it is lost on one of them. */

import { AST_NODE_TYPES as Type, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { THE_ERROR, truthOf, valueOf, type Names } from './refusal-value.ts';
import { bare, isFunction, nameOf, nodesUnder, variableOf } from './syntax.ts';

/** How a refusal comes out of a piece of code without having been handed on. */
export interface Loss {
  /** It is dropped and control leaves: `return`, `continue`, another error. */
  readonly leaves: boolean;
  /** It is dropped and control goes on below. */
  readonly goesOn: boolean;
}

/** Code that has been given an error, by a `catch` or as a callback. */
export interface Handler {
  /** The name or pattern of the error; `undefined`: it is not even taken. */
  readonly parameter: TSESTree.Node | undefined;
  readonly body: TSESTree.Node;
}

const HANDED_ON: Loss = { leaves: false, goesOn: false };
const LOST: Loss = { leaves: true, goesOn: false };
const GOES_ON: Loss = { leaves: false, goesOn: true };

const LOG_METHODS =
  /^(debug|dir|error|fatal|info|log|notice|table|trace|verbose|warn|warning|write)$/;
const LOG_OBJECTS = /^(console|.*log(ger|s)?|stderr|stdout)$/i;

/** How a refusal is lost in the handler; both false: on no way through it. */
export function lossIn(code: Readonly<TSESLint.SourceCode>, handler: Handler): Loss {
  const walk = new Walk(code, handler.parameter);
  const { body } = handler;
  if (body.type === Type.BlockStatement) return walk.statements(body.body);
  return walk.handsOn(body) ? HANDED_ON : LOST;
}

/** Whether a callee only writes down what it is given: `console.error`. */
export function isLog(callee: TSESTree.Node): boolean {
  const plain = bare(callee);
  if (plain.type !== Type.MemberExpression || !LOG_METHODS.test(nameOf(plain) ?? '')) return false;
  const object = bare(plain.object);
  const name =
    object.type === Type.Identifier
      ? object.name
      : object.type === Type.MemberExpression
        ? nameOf(object)
        : undefined;
  return name !== undefined && LOG_OBJECTS.test(name.replace('#', ''));
}

class Walk {
  readonly #code: Readonly<TSESLint.SourceCode>;
  /** What stands for the error, or was made of it. */
  readonly #names: Names = new Map();

  constructor(code: Readonly<TSESLint.SourceCode>, parameter: TSESTree.Node | undefined) {
    this.#code = code;
    if (parameter === undefined) return;
    const isWhole = parameter.type === Type.Identifier;
    for (const node of nodesUnder(code, parameter)) {
      const variable = node.type === Type.Identifier ? variableOf(code, node) : undefined;
      if (variable === undefined) continue;
      const field = isWhole ? undefined : ({ kind: 'unknown' } as const);
      this.#names.set(variable, field ?? THE_ERROR);
    }
  }

  statements(list: readonly TSESTree.Statement[]): Loss {
    let leaves = false;
    for (const statement of list) {
      const loss = this.#statement(statement);
      leaves ||= loss.leaves;
      if (!loss.goesOn) return { leaves, goesOn: false };
    }
    return { leaves, goesOn: true };
  }

  /** Whether evaluating the expression hands the error, or something of it, to somebody. */
  handsOn(expression: TSESTree.Node): boolean {
    return (
      this.#references(expression).some((one) => !this.#isLookedAtOnly(one, expression)) ||
      endsProcess(expression)
    );
  }

  #statement(node: TSESTree.Statement): Loss {
    switch (node.type) {
      case Type.ThrowStatement:
      case Type.ReturnStatement:
        return node.argument !== null && this.handsOn(node.argument) ? HANDED_ON : LOST;
      case Type.BreakStatement:
      case Type.ContinueStatement:
        return LOST;
      case Type.BlockStatement:
        return this.statements(node.body);
      case Type.IfStatement:
        return this.#branch(node);
      case Type.ExpressionStatement:
        return this.handsOn(node.expression) ? HANDED_ON : GOES_ON;
      case Type.VariableDeclaration:
        return this.#declaration(node);
      case Type.TryStatement:
        return this.#try(node);
      case Type.LabeledStatement:
        return this.#statement(node.body);
      default:
        // Loops and `switch`: whoever asks the error anything there is taken to decide on it.
        return this.#references(node).length > 0 ? HANDED_ON : GOES_ON;
    }
  }

  #branch({ test, consequent, alternate }: TSESTree.IfStatement): Loss {
    if (this.handsOn(test)) return HANDED_ON;
    const truth = truthOf(valueOf(this.#code, this.#names, test));
    // A question about the error whose answer for a refusal is not known: it was asked.
    if (truth === undefined && this.#references(test).length > 0) return HANDED_ON;
    const then = truth === false ? HANDED_ON : this.#statement(consequent);
    const otherwise = alternate === null ? GOES_ON : this.#statement(alternate);
    const other = truth === true ? HANDED_ON : otherwise;
    return { leaves: then.leaves || other.leaves, goesOn: then.goesOn || other.goesOn };
  }

  /** A name for something of the error: no use yet, but its own uses are. */
  #declaration(node: TSESTree.VariableDeclaration): Loss {
    for (const { id, init } of node.declarations) {
      if (init === null || this.#references(init).length === 0) continue;
      const isCall = bare(init).type === Type.CallExpression;
      if (isCall && this.handsOn(init)) return HANDED_ON;
      const value = valueOf(this.#code, this.#names, init);
      for (const part of nodesUnder(this.#code, id)) {
        const variable = part.type === Type.Identifier ? variableOf(this.#code, part) : undefined;
        if (variable === undefined) continue;
        this.#names.set(variable, id.type === Type.Identifier ? value : { kind: 'unknown' });
      }
    }
    return GOES_ON;
  }

  #try({ block, handler, finalizer }: TSESTree.TryStatement): Loss {
    const inner = this.#statement(block);
    const caught = handler === null ? HANDED_ON : this.#statement(handler.body);
    if (!inner.goesOn && !inner.leaves && handler === null) return HANDED_ON;
    const last = finalizer === null ? GOES_ON : this.#statement(finalizer);
    if (!last.goesOn && !last.leaves) return HANDED_ON;
    return { leaves: inner.leaves || last.leaves, goesOn: inner.goesOn || caught.goesOn };
  }

  #references(root: TSESTree.Node): TSESTree.Node[] {
    const [start, end] = root.range;
    return [...this.#names.keys()]
      .flatMap(({ references }) => references.filter((one) => one.isRead()))
      .map(({ identifier }) => identifier)
      .filter(({ range }) => range[0] >= start && range[1] <= end);
  }

  /** Whether a use only asks or writes down: `typeof`, a comparison, a log line, `void`. */
  #isLookedAtOnly(reference: TSESTree.Node, root: TSESTree.Node): boolean {
    if (reference === root) return reference.parent?.type === Type.ExpressionStatement;
    for (let node = reference; node !== root && node.parent !== undefined; node = node.parent) {
      const { parent } = node;
      switch (parent.type) {
        case Type.BinaryExpression:
          if (isQuestion(parent.operator)) return true;
          break;
        case Type.UnaryExpression:
          if (['!', 'typeof', 'void'].includes(parent.operator)) return true;
          break;
        case Type.ConditionalExpression:
          if (parent.test === node) return true;
          break;
        case Type.CallExpression:
          if (isClassQuestion(parent)) return true;
          if (parent.callee !== node && isLog(parent.callee)) return true;
          break;
        default:
          break;
      }
      if (isFunction(parent)) return false;
    }
    return false;
  }
}

function isQuestion(operator: string): boolean {
  return /^([=!]==?|[<>]=?|in|instanceof)$/.test(operator);
}

function isClassQuestion({ callee }: TSESTree.CallExpression): boolean {
  if (callee.type !== Type.MemberExpression) return false;
  return ['isError', 'isInstance'].includes(nameOf(callee) ?? '');
}

/** `process.exit(1)`: nobody can go on after a refusal that ended the process. */
function endsProcess(expression: TSESTree.Node): boolean {
  const plain = bare(expression);
  if (plain.type !== Type.CallExpression || plain.callee.type !== Type.MemberExpression)
    return false;
  const { object } = plain.callee;
  const name = nameOf(plain.callee) ?? '';
  return (
    object.type === Type.Identifier && object.name === 'process' && /^(abort|exit)$/.test(name)
  );
}

import {
  AST_NODE_TYPES as Type,
  ESLintUtils,
  type TSESLint,
  type TSESTree,
} from '@typescript-eslint/utils';
import ts from 'typescript';
import { isLog, lossIn, type Handler } from '../boundary/refusal-path.ts';
import { isRefusable, refusableIn, refusableUnder, type TypedFile } from '../boundary/refusable.ts';
import {
  bare,
  functionOf,
  importOf,
  isFunction,
  nameOf,
  nodesUnder,
  parentOf,
} from '../boundary/syntax.ts';
import { createRule } from '../rule.ts';

type MessageId = 'addThrow' | 'dropped' | 'droppedByFinally' | 'droppedResults' | 'retried';

/** A refusal by a cap that is caught and lost, or asked again. */
export const rule = createRule<[], MessageId>({
  name: 'no-swallowed-cap-error',
  meta: {
    type: 'problem',
    hasSuggestions: true,
    docs: {
      description: 'Disallow code that catches a refusal by a cap and drops it or tries again',
      recommended: 'error',
      requiresTypeChecking: true,
    },
    messages: {
      dropped:
        'A refusal by a cap is lost here. Throw it on ' +
        '(`if (BudgetCapError.isInstance(error)) throw error;`) or answer with its fields.',
      retried:
        'A refusal by a cap is tried again here, and will be refused again. Throw it on ' +
        '(`if (BudgetCapError.isInstance(error)) throw error;`) before the next attempt.',
      droppedByFinally:
        'Leaving `finally` from here drops whatever was thrown, a refusal by a cap too. Put this ' +
        'statement after the `try`.',
      droppedResults:
        'Nobody reads these results, so a refusal by a cap is lost here. Use `Promise.all`, or ' +
        'look for a `BudgetCapError` among the reasons.',
      addThrow: 'Throw the refusal on before anything else.',
    },
    schema: [],
    defaultOptions: [],
  },
  create(context) {
    const look: Look = {
      context,
      file: { code: context.sourceCode, services: ESLintUtils.getParserServices(context) },
    };
    return {
      TryStatement(node) {
        if (node.handler !== null) reportCatch(look, node, node.handler);
        if (node.finalizer !== null) reportFinally(look, node, node.finalizer);
      },
      CallExpression(node) {
        reportCallbacks(look, node);
        reportRetries(look, node);
        reportSettled(look, node);
      },
    };
  },
});

interface Look {
  readonly context: Readonly<TSESLint.RuleContext<MessageId, []>>;
  readonly file: TypedFile;
}

/** Names of functions that call their callback again after it has failed. */
const RETRYING = /retr(y|ies|ying)|backoff/i;

/** Options of such functions that say which errors are worth another attempt. */
const RETRY_QUESTIONS = /^(bail|handleAll|retryIf|shouldRetry|when|while)$/;

/** Words that show that a piece of code knows refusals. */
const KNOWS_REFUSALS = /\b(BudgetCapError|RefusalError|HardcapError|BUDGET_CAP)\b/;

function reportCatch(
  { context, file }: Look,
  node: TSESTree.TryStatement,
  handler: TSESTree.CatchClause,
): void {
  if (refusableIn(file, node.block) === undefined) return;
  const parameter = handler.param ?? undefined;
  const loss = lossIn(file.code, { parameter, body: handler.body });
  if (!loss.leaves && !loss.goesOn) return;
  const messageId = loss.goesOn && isInLoop(node) ? 'retried' : 'dropped';
  context.report({ node: handler, messageId, suggest: throwFirst(file, handler) });
}

/** A `finally` that leaves on its own account. */
function reportFinally(
  { context, file }: Look,
  node: TSESTree.TryStatement,
  finalizer: TSESTree.BlockStatement,
): void {
  const leaving = nodesUnder(file.code, finalizer, (one) => !isFunction(one)).find(
    (one) => one.type === Type.ReturnStatement,
  );
  if (leaving === undefined || refusableIn(file, node.block) === undefined) return;
  context.report({ node: leaving, messageId: 'droppedByFinally' });
}

/** `promise.catch(callback)` and `promise.then(_, callback)`. */
function reportCallbacks({ context, file }: Look, node: TSESTree.CallExpression): void {
  const { callee } = node;
  if (callee.type !== Type.MemberExpression) return;
  const name = nameOf(callee);
  const callback =
    name === 'catch' ? node.arguments[0] : name === 'then' ? node.arguments[1] : undefined;
  if (callback === undefined || refusableUnder(file, callee.object) === undefined) return;
  const handler = handlerOf(file, callback);
  if (handler === undefined) {
    if (isLog(callback)) context.report({ node: callback, messageId: 'dropped' });
    return;
  }
  const loss = lossIn(file.code, handler);
  if (loss.leaves || loss.goesOn) context.report({ node: callback, messageId: 'dropped' });
}

function handlerOf({ code }: TypedFile, callback: TSESTree.Node): Handler | undefined {
  const called = functionOf(code, callback);
  return called === undefined ? undefined : { parameter: called.params[0], body: called.body };
}

/** A callback handed to a function that calls it again after each failure. */
function reportRetries({ context, file }: Look, node: TSESTree.CallExpression): void {
  if (!RETRYING.test(retryingName(file, node.callee))) return;
  const callback = node.arguments.find(
    (one) => isFunction(one) && refusableUnder(file, one.body) !== undefined,
  );
  if (callback === undefined || KNOWS_REFUSALS.test(file.code.getText(node))) return;
  const asks = node.arguments.some(
    (one) =>
      one.type === Type.ObjectExpression &&
      one.properties.some(
        (property) =>
          property.type === Type.Property && RETRY_QUESTIONS.test(nameOf(property) ?? ''),
      ),
  );
  if (asks || knowsRefusals(file, node)) return;
  context.report({ node: callback, messageId: 'retried' });
}

/** The name of the function that is called, or of the module that it comes from: `p-retry`. */
function retryingName({ code }: TypedFile, callee: TSESTree.Node): string {
  const plain = bare(callee);
  if (plain.type === Type.MemberExpression) return nameOf(plain) ?? '';
  if (plain.type !== Type.Identifier) return '';
  const variable = code.getScope(plain).references.find((one) => one.identifier === plain);
  return `${plain.name} ${importOf(variable?.resolved ?? undefined)?.module ?? ''}`;
}

/** Whether the called function, in whichever file of the program it stands, speaks of refusals. */
function knowsRefusals({ services }: TypedFile, node: TSESTree.CallExpression): boolean {
  const checker = services.program.getTypeChecker();
  const type = services.getTypeAtLocation(node.callee);
  return checker
    .getSignaturesOfType(type, ts.SignatureKind.Call)
    .some(({ declaration }) => KNOWS_REFUSALS.test(declaration?.getText() ?? ''));
}

/** `Promise.allSettled(...)` as a statement of its own. */
function reportSettled({ context, file }: Look, node: TSESTree.CallExpression): void {
  const { callee } = node;
  if (callee.type !== Type.MemberExpression || nameOf(callee) !== 'allSettled') return;
  const { parent } = node;
  const statement = parent.type === Type.AwaitExpression ? parent.parent : parent;
  if (statement.type !== Type.ExpressionStatement) return;
  const isSpending = nodesUnder(file.code, node).some(
    (one) => one.type === Type.CallExpression && one !== node && isRefusable(file, one),
  );
  if (isSpending) context.report({ node, messageId: 'droppedResults' });
}

function isInLoop(node: TSESTree.Node): boolean {
  for (let around = parentOf(node); around !== undefined; around = parentOf(around)) {
    if (isFunction(around)) return false;
    if (/^(DoWhile|For|ForIn|ForOf|While)Statement$/.test(around.type)) return true;
  }
  return false;
}

/** A first statement for the `catch`, and the import that it needs. */
function throwFirst(
  { code }: TypedFile,
  handler: TSESTree.CatchClause,
): TSESLint.ReportSuggestionArray<MessageId> {
  const { param, body } = handler;
  if (param !== null && param.type !== Type.Identifier) return [];
  if (KNOWS_REFUSALS.test(code.getText(body))) return [];
  const name = param === null ? 'error' : param.name;
  const isImported = code.ast.body.some(
    (one) =>
      one.type === Type.ImportDeclaration &&
      one.importKind === 'value' &&
      one.specifiers.some(({ local }) => local.name === 'BudgetCapError'),
  );
  const open = code.getFirstToken(body);
  const keyword = code.getFirstToken(handler);
  const indent = ' '.repeat(handler.parent.loc.start.column + 2);
  const line = `\n${indent}if (BudgetCapError.isInstance(${name})) throw ${name};`;
  if (open === null || keyword === null) return [];
  return [
    {
      messageId: 'addThrow',
      fix: (fixer) => [
        ...(isImported
          ? []
          : [fixer.insertTextBeforeRange([0, 0], "import { BudgetCapError } from 'hardcap';\n")]),
        ...(param === null ? [fixer.insertTextAfter(keyword, ` (${name})`)] : []),
        fixer.insertTextAfter(open, line),
      ],
    },
  ];
}

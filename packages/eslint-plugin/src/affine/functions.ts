import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { assign } from './bindings.ts';
import { evaluateCall } from './calls.ts';
import { giveOut } from './closures.ts';
import { branch } from './conditions.ts';
import { evaluate } from './expressions.ts';
import { Findings } from './findings.ts';
import { ALIAS, PASS, READ, type Frame, type Walk } from './frame.ts';
import { close, keep, takeAlong } from './handles.ts';
import { bindParameters } from './patterns.ts';
import { reportAlias } from './reports.ts';
import { MOVED, START, heldBy, join, may, type Cell, type State } from './state.ts';
import { execute } from './statements.ts';
import { Subject, type Summary, type Variable } from './subject.ts';
import { isFunction, type Body, type FunctionNode } from './syntax.ts';

/** Finds what is wrong in a file, in all functions of it. */
export function walkThrough(subject: Subject, program: TSESTree.Program): void {
  const frame = frameOf(subject, program);
  const after = program.body.reduce((at, one) => execute(frame, one, at), START);
  const ended = frame.declared.filter((cell) => isPrivate(subject, cell));
  close(frame, ended, after);
  for (const scope of subject.code.scopeManager?.scopes ?? []) {
    if (!isFunction(scope.block)) continue;
    const summary = summarise(subject, scope.block);
    if (isExported(subject, scope.block)) reportAgain(subject, summary, 'inExport');
  }
}

const NOTHING: Summary = {
  moves: new Map(),
  takes: new Map(),
  borrows: new Map(),
  assigns: new Set(),
  returns: new Set(),
  asked: new Set(),
  isAsync: false,
};

/** Reports what a function uses up and leaves where it is, so that a second call finds it gone. */
function reportAgain(subject: Subject, summary: Summary, messageId: string): void {
  const { moves, asked, assigns } = summary;
  for (const [cell, nodes] of moves) {
    if (!cell.affine.isBranded || asked.has(cell) || assigns.has(cell)) continue;
    for (const node of nodes) reportAlias(subject, { node, messageId, name: cell.name });
  }
}

/** What a function does with the handles around it; what is wrong within it is reported once. */
function summarise(subject: Subject, fn: FunctionNode): Summary {
  const known = subject.summaries.get(fn);
  if (known !== undefined) return known;
  // A function that calls itself does nothing beyond what the rest of it does.
  subject.summaries.set(fn, NOTHING);
  const summary = subject.findings.loud(() => walkFunction(subject, fn));
  subject.summaries.set(fn, summary);
  return summary;
}

function walkFunction(subject: Subject, fn: FunctionNode): Summary {
  const frame = frameOf(subject, fn);
  const before = bindParameters(frame, fn, START);
  let after: State;
  if (fn.body.type === Type.BlockStatement) {
    after = execute(frame, fn.body, before);
    for (const one of frame.jumps) after = join(after, one.state);
  } else {
    after = evaluate(frame, fn.body, PASS, before);
  }
  const ended = close(frame, frame.declared, after);
  reportFields(frame, ended);
  return summaryOf(frame, ended, fn.async);
}

function summaryOf(frame: Frame, after: State, isAsync: boolean): Summary {
  const { takes, borrows, assigns, returns, asked, subject, body } = frame;
  // What has found another place, and was not put back, is gone as well.
  const moves = [...takes].filter(([cell]) => may(after, cell, MOVED) || !assigns.has(cell));
  const isOuter = (cell: Cell) => !subject.isOwn(cell, body);
  return {
    moves: new Map(moves),
    takes,
    borrows,
    assigns,
    returns: new Set([...returns].filter(isOuter)),
    asked,
    isAsync,
  };
}

/** What was taken out of a field and not put back is missing there for the next one. */
function reportFields(frame: Frame, after: State): void {
  const { subject, body } = frame;
  for (const cell of subject.fieldsOf(body)) {
    if (!cell.affine.isBranded || frame.asked.has(cell)) continue;
    for (const { node } of heldBy(after, cell).moves) {
      reportAlias(subject, { node, messageId: 'outOfField', name: cell.name });
    }
  }
}

function frameOf(subject: Subject, body: Body): Frame {
  return {
    subject,
    body,
    walk: WALK,
    jumps: [],
    throws: undefined,
    shorts: [],
    declared: [],
    settled: new Map(),
    takes: new Map(),
    borrows: new Map(),
    assigns: new Set(),
    returns: new Set(),
    asked: new Set(),
  };
}

/** The state after a class: its static parts run now, its methods whenever somebody calls them. */
function define(
  frame: Frame,
  node: TSESTree.ClassDeclaration | TSESTree.ClassExpression,
  state: State,
): State {
  let after = node.superClass === null ? state : evaluate(frame, node.superClass, READ, state);
  for (const member of node.body.body) {
    if (member.type === Type.StaticBlock) after = execute(frame, member, after);
    else if (member.type === Type.MethodDefinition && isFunction(member.value)) {
      const summary = summarise(frame.subject, member.value);
      after = giveOut(frame, summary, 'inMethod', after);
      const rest = { ...summary, moves: new Map() };
      after = takeAlong(frame, rest, { node: member, by: 'captured' }, after);
    } else if (member.type === Type.PropertyDefinition && member.value !== null) {
      after = defineField(frame, member, member.value, after);
    }
  }
  return after;
}

function defineField(
  frame: Frame,
  member: TSESTree.PropertyDefinition,
  value: TSESTree.Expression,
  state: State,
): State {
  const { subject } = frame;
  const cell = subject.cellAt(value);
  if (cell !== undefined && subject.types.affineAt(member.key) !== undefined) {
    return keep(frame, cell, { node: value, messageId: 'inField' }, state);
  }
  if (member.static) return evaluate(frame, value, ALIAS, state);
  const inner = frameOf(subject, member);
  const after = subject.findings.loud(() => evaluate(inner, value, ALIAS, START));
  if (isFunction(value)) reportFieldsOf(subject, member, summarise(subject, value));
  const summary = summaryOf(inner, after, false);
  const given = giveOut(frame, summary, 'inMethod', state);
  return takeAlong(frame, { ...summary, moves: new Map() }, { node: value, by: 'captured' }, given);
}

/** An arrow function in a field uses up another field of the same object. */
function reportFieldsOf(
  subject: Subject,
  member: TSESTree.PropertyDefinition,
  summary: Summary,
): void {
  const fields = new Set(subject.fieldsOf(member));
  const moves = new Map([...summary.moves].filter(([cell]) => fields.has(cell)));
  reportAgain(subject, { ...summary, moves }, 'outOfField');
}

/** A variable of the file that only the file's own top level uses. */
function isPrivate(subject: Subject, { root }: Cell): boolean {
  if (root === undefined) return false;
  const isDeclared = root.defs[0]?.parent?.parent?.type === Type.ExportNamedDeclaration;
  const isAtTop = root.references.every(
    ({ from }) => from.variableScope === root.scope.variableScope,
  );
  const isOut = isDeclared || isExportedByName(root);
  return !isOut && isAtTop && subject.code.ast.sourceType === 'module';
}

/** Whether other files can call a function, which then is one of the file's top level. */
function isExported(subject: Subject, fn: FunctionNode): boolean {
  const { parent } = fn;
  const isNamed = parent?.type === Type.VariableDeclarator;
  const around = (isNamed ? parent.parent : fn).parent?.type;
  if (around === Type.ExportNamedDeclaration || around === Type.ExportDefaultDeclaration) {
    return true;
  }
  const name = isNamed ? parent.id : fn.id;
  const variable = name === null || name === undefined ? undefined : subject.variableOf(name);
  return variable !== undefined && isExportedByName(variable);
}

function isExportedByName({ references }: Variable): boolean {
  return references.some(({ identifier: { parent } }) => {
    const type = parent?.type;
    return type === Type.ExportSpecifier || type === Type.ExportDefaultDeclaration;
  });
}

/** Whether a function may call its parameter twice: then it uses it after it was used up. */
function repeats(subject: Subject, fn: FunctionNode, parameter: TSESTree.Node): boolean {
  const variable = subject.variableOf(parameter);
  if (variable === undefined) return false;
  const findings = new Findings();
  const trial = new Subject(subject.code, { types: subject.types, findings, probe: variable });
  const cell = trial.cellOf(variable);
  walkFunction(trial, fn);
  return findings.all.some(({ data, rule }) => data['name'] === cell?.name && !isLoss(rule));
}

function isLoss(rule: string): boolean {
  return rule === 'no-leaked-budget' || rule === 'no-floating-reservation';
}

const WALK: Walk = {
  evaluate,
  branch,
  execute,
  call: evaluateCall,
  assign,
  define,
  summarise,
  repeats,
};

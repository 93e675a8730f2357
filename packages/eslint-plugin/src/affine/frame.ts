import type { TSESTree } from '@typescript-eslint/utils';
import type { Cell, MoveBy, State } from './state.ts';
import type { Subject, Summary } from './subject.ts';
import type { Body, FunctionNode } from './syntax.ts';

/** What becomes of the value of an expression. */
export type Use =
  /** Nothing: it is a statement, or under `void`. */
  | { readonly kind: 'drop' }
  /** It is compared or tested; what it stands for is not used. */
  | { readonly kind: 'peek' }
  /** It is looked at, and stays where it is. */
  | { readonly kind: 'read' }
  /** It goes somewhere else. */
  | { readonly kind: 'take'; readonly by: MoveBy; readonly to?: Cell | undefined };

/** Nothing becomes of the value. */
export const DROP: Use = { kind: 'drop' };
/** The value is compared or tested. */
export const PEEK: Use = { kind: 'peek' };
/** The value is looked at. */
export const READ: Use = { kind: 'read' };
/** The value goes to a callee, to the caller, out of the function. */
export const PASS: Use = { kind: 'take', by: 'passed' };
/** The value goes to another name or place. */
export const ALIAS: Use = { kind: 'take', by: 'aliased' };

/** A jump out of the statements around it. */
export interface Jump {
  readonly kind: 'break' | 'continue' | 'return';
  readonly label: string | undefined;
  readonly state: State;
}

/** The two ways out of a condition. */
export interface Branches {
  readonly yes: State;
  readonly no: State;
}

/** One function on the way through it. */
export interface Frame {
  readonly subject: Subject;
  readonly body: Body;
  readonly walk: Walk;
  /** Jumps that have not reached their target yet. */
  jumps: Jump[];
  /** What may stand where something throws; `undefined`: nobody in this function catches it. */
  throws: State | undefined;
  /** What may stand where an optional chain ends early. */
  shorts: State;
  /** Cells of the block that is being walked through. */
  declared: Cell[];
  /** What stood before the callbacks of a promise ran, by the call that they were passed to. */
  readonly settled: Map<TSESTree.Node, State>;
  readonly takes: Map<Cell, TSESTree.Node[]>;
  readonly borrows: Map<Cell, TSESTree.Node>;
  readonly assigns: Set<Cell>;
  readonly returns: Set<Cell>;
  /** Handles that are asked whether they have left before they are used. */
  readonly asked: Set<Cell>;
}

/** The parts of the walk that need one another. */
export interface Walk {
  /** The state after an expression, whose value is used in the given way. */
  evaluate(frame: Frame, node: TSESTree.Node, use: Use, state: State): State;
  /** The states after a condition. */
  branch(frame: Frame, node: TSESTree.Node, state: State): Branches;
  /** The state after a statement. */
  execute(frame: Frame, node: TSESTree.Node, state: State): State;
  /** The state after a call or a `new`. */
  call(
    frame: Frame,
    node: TSESTree.CallExpression | TSESTree.NewExpression,
    use: Use,
    state: State,
  ): State;
  /** The state after an assignment. */
  assign(frame: Frame, node: TSESTree.AssignmentExpression, use: Use, state: State): State;
  /** The state after the evaluation of a class. */
  define(
    frame: Frame,
    node: TSESTree.ClassDeclaration | TSESTree.ClassExpression,
    state: State,
  ): State;
  /** What a function does with the handles around it. */
  summarise(subject: Subject, fn: FunctionNode): Summary;
  /** Whether a function of this file may call one of its parameters more than once. */
  repeats(subject: Subject, fn: FunctionNode, parameter: TSESTree.Node): boolean;
}

/** Notes that something may be thrown here. */
export function mayThrow(frame: Frame, state: State, joined: (a: State, b: State) => State): void {
  if (frame.throws !== undefined) frame.throws = joined(frame.throws, state);
}

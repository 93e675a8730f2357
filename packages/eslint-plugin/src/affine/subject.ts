import { AST_NODE_TYPES as Type, TSESLint, type TSESTree } from '@typescript-eslint/utils';
import type { Findings } from './findings.ts';
import type { Cell, Move, MoveBy } from './state.ts';
import { isWithin, propertyName, unwrap } from './syntax.ts';
import type { Affine, TypeQuestions } from './type-questions.ts';

/** What a name of the file stands for. */
export type Variable = TSESLint.Scope.Variable;

/** What a function does with the handles around it. */
export interface Summary {
  /** Those that may be gone when it ends, with the places where they go. */
  readonly moves: ReadonlyMap<Cell, readonly TSESTree.Node[]>;
  /** All places where they go, also where something is put back. */
  readonly takes: ReadonlyMap<Cell, readonly TSESTree.Node[]>;
  /** Those that it looks at. */
  readonly borrows: ReadonlyMap<Cell, TSESTree.Node>;
  /** Those that it assigns. */
  readonly assigns: ReadonlySet<Cell>;
  /** Those that it gives out as they are. */
  readonly returns: ReadonlySet<Cell>;
  /** Those that it asks whether they have left. */
  readonly asked: ReadonlySet<Cell>;
  readonly isAsync: boolean;
}

/** One file under analysis: its variables, what they hold, what its functions were seen to do. */
export class Subject {
  readonly code: Readonly<TSESLint.SourceCode>;
  readonly types: TypeQuestions;
  readonly findings: Findings;
  /** Cells that a handle has left somewhere. */
  readonly everMoved = new Set<Cell>();
  /** Cells whose loss is no news, because something else was said of them. */
  readonly excused = new Set<Cell>();
  /** What a variable looks at: `const view: BudgetView = budget`. */
  readonly views = new Map<Variable, Cell>();
  /** Variables that `instanceof` may turn into handles, though they were lent as less. */
  readonly narrowed = new Set<Variable>();
  /** Functions with a name that take nothing along. */
  readonly functions = new Map<Variable, Summary>();
  /** Closures with a name that have taken a handle along. */
  readonly closures = new Map<Cell, Summary>();
  readonly summaries = new Map<TSESTree.Node, Summary>();
  readonly #variables = new Map<TSESTree.Node, Variable>();
  readonly #cells = new Map<Variable, Cell | undefined>();
  readonly #places = new Map<string, Cell>();
  readonly #placeAt = new Map<TSESTree.Node, Cell | undefined>();
  readonly #moves = new Map<TSESTree.Node, Move[]>();
  /** A parameter whose calls are counted, in a trial. */
  readonly #probe: Variable | undefined;
  #ids = 0;

  constructor(
    code: Readonly<TSESLint.SourceCode>,
    tools: {
      readonly types: TypeQuestions;
      readonly findings: Findings;
      readonly probe?: Variable | undefined;
    },
  ) {
    this.code = code;
    this.types = tools.types;
    this.findings = tools.findings;
    this.#probe = tools.probe;
    for (const scope of code.scopeManager?.scopes ?? []) {
      for (const variable of scope.variables) {
        for (const name of variable.identifiers) this.#variables.set(name, variable);
      }
      for (const { identifier, resolved } of scope.references) {
        if (resolved !== null) this.#variables.set(identifier, resolved);
      }
    }
  }

  /** The variable that a name stands for. */
  variableOf(node: TSESTree.Node): Variable | undefined {
    return this.#variables.get(node);
  }

  /** The function declaration that a name stands for. */
  declaredFunction(variable: Variable): TSESTree.FunctionDeclaration | undefined {
    const definition = variable.defs[0];
    if (definition?.type !== TSESLint.Scope.DefinitionType.FunctionName) return undefined;
    return definition.node.type === Type.FunctionDeclaration ? definition.node : undefined;
  }

  /** The cell of a variable, if its type is affine. */
  cellOf(variable: Variable): Cell | undefined {
    if (this.#cells.has(variable)) return this.#cells.get(variable);
    const name = variable.defs[0]?.name;
    const affine = this.#affineOf(variable);
    const cell =
      affine === undefined || name === undefined
        ? undefined
        : this.#newCell({ name: variable.name, affine, root: variable, origin: name });
    this.#cells.set(variable, cell);
    return cell;
  }

  /** The cell that an expression names: a variable's, or that of a place under one. */
  cellAt(expression: TSESTree.Node): Cell | undefined {
    const node = unwrap(expression);
    if (node.type === Type.Identifier) {
      const variable = this.variableOf(node);
      return variable === undefined ? undefined : this.cellOf(variable);
    }
    if (node.type !== Type.MemberExpression) return undefined;
    if (!this.#placeAt.has(node)) this.#placeAt.set(node, this.#findPlace(node));
    return this.#placeAt.get(node);
  }

  /** Places that begin with a variable. */
  placesUnder(variable: Variable): readonly Cell[] {
    return [...this.#places.values()].filter((cell) => cell.root === variable);
  }

  /** Places under `this` of a function. */
  fieldsOf(body: TSESTree.Node): readonly Cell[] {
    return [...this.#places.values()].filter(
      (cell) => cell.root === undefined && homeOfThis(cell.origin) === body,
    );
  }

  /** Makes a closure with a name a cell, since it is good for one call. */
  holdClosure(variable: Variable, captured: Cell, summary: Summary): Cell {
    const known = this.#cells.get(variable);
    if (known !== undefined) return known;
    const affine: Affine = {
      shape: 'handle',
      consuming: new Set(),
      hold: captured.affine.hold,
      isBranded: captured.affine.isBranded,
      isStore: false,
      elements: undefined,
    };
    // Messages speak of the handle: it is what must be shared out.
    const { name } = captured;
    const cell = this.#newCell({ name, affine, root: variable, origin: captured.origin });
    this.#cells.set(variable, cell);
    this.closures.set(cell, summary);
    return cell;
  }

  /** The one record of a handle leaving a cell at a place. */
  moveAt(node: TSESTree.Node, by: MoveBy, to?: Cell): Move {
    const known = this.#moves.get(node) ?? [];
    const same = known.find((one) => one.by === by && one.to === to);
    if (same !== undefined) return same;
    const move = { id: (this.#ids += 1), node, by, to };
    this.#moves.set(node, [...known, move]);
    return move;
  }

  /** Whether a cell belongs to a function, and not to one around it. */
  isOwn(cell: Cell, body: TSESTree.Node): boolean {
    const home = cell.root === undefined ? homeOfThis(cell.origin) : cell.root.defs[0]?.name;
    return home !== undefined && isWithin(home, body);
  }

  #affineOf(variable: Variable): Affine | undefined {
    const definition = variable.defs[0];
    if (definition === undefined || definition.name.type !== Type.Identifier) return undefined;
    if (variable === this.#probe) return PROBE;
    if (!VALUES.has(definition.type)) return undefined;
    if (definition.node.type === Type.VariableDeclarator && isDull(definition.node)) {
      return undefined;
    }
    return this.types.affineAt(definition.name);
  }

  #findPlace(node: TSESTree.MemberExpression): Cell | undefined {
    const path = pathOf(node);
    if (path === undefined) return undefined;
    const { root, names } = path;
    const variable = root.type === Type.Identifier ? this.variableOf(root) : undefined;
    if (root.type === Type.Identifier && variable === undefined) return undefined;
    if (variable !== undefined && this.cellOf(variable)?.affine.shape === 'handle')
      return undefined;
    const affine = this.types.affineAt(node);
    if (affine === undefined) return undefined;
    const home = variable === undefined ? homeOfThis(node) : variable.defs[0]?.name;
    const key = `${home?.range.join() ?? ''}.${names.join('.')}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const name = this.code.getText(node);
    const field = variable === undefined ? names[0] : undefined;
    const origin = node;
    const cell = this.#newCell({ name, affine, root: variable, origin, field, isPlace: true });
    this.#places.set(key, cell);
    return cell;
  }

  #newCell(about: {
    readonly name: string;
    readonly affine: Affine;
    readonly root: Variable | undefined;
    readonly origin: TSESTree.Node;
    readonly field?: string | undefined;
    readonly isPlace?: boolean;
  }): Cell {
    const declaration = about.root?.defs[0]?.parent;
    const isDisposed =
      declaration?.type === Type.VariableDeclaration &&
      (declaration.kind === 'using' || declaration.kind === 'await using');
    return {
      ...about,
      id: (this.#ids += 1),
      isPlace: about.isPlace === true,
      isDisposed,
      field: about.field,
    };
  }
}

/** What a callback is taken for while its calls are counted: calling it uses it up. */
const PROBE: Affine = {
  shape: 'handle',
  consuming: new Set(),
  hold: 'no',
  isBranded: true,
  isStore: false,
  elements: undefined,
};

/** Kinds of definitions whose variables hold values. */
const VALUES: ReadonlySet<string> = new Set(['Variable', 'Parameter', 'ImportBinding']);

/** Whether what a variable is declared with shows that it is no handle, without a question. */
function isDull({ id, init }: TSESTree.VariableDeclarator): boolean {
  if (init === null || id.type !== Type.Identifier) return false;
  return (
    init.type === Type.TemplateLiteral ||
    init.type === Type.BinaryExpression ||
    init.type === Type.ArrowFunctionExpression ||
    init.type === Type.FunctionExpression ||
    (init.type === Type.Literal && init.value !== null)
  );
}

/** What a place begins with, and the names under it; `undefined` where one is not fixed. */
function pathOf(
  node: TSESTree.MemberExpression,
): { readonly root: TSESTree.Identifier | TSESTree.ThisExpression; names: string[] } | undefined {
  const names: string[] = [];
  let at: TSESTree.Node = node;
  while (at.type === Type.MemberExpression) {
    const name = propertyName(at);
    if (name === undefined) return undefined;
    names.unshift(name);
    at = unwrap(at.object);
  }
  if (at.type !== Type.Identifier && at.type !== Type.ThisExpression) return undefined;
  return { root: at, names };
}

function homeOfThis(node: TSESTree.Node): TSESTree.Node | undefined {
  let at = node.parent;
  while (at !== undefined && !hasThis(at)) at = at.parent;
  return at;
}

function hasThis(node: TSESTree.Node): boolean {
  return (
    node.type === Type.FunctionExpression ||
    node.type === Type.FunctionDeclaration ||
    node.type === Type.PropertyDefinition ||
    node.type === Type.StaticBlock ||
    node.type === Type.Program
  );
}

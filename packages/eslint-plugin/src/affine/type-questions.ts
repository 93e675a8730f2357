import { AST_NODE_TYPES, ESLintUtils, type TSESTree } from '@typescript-eslint/utils';
import type { ParserServicesWithTypeInformation } from '@typescript-eslint/utils';
import ts from 'typescript';
import { brandsOf } from './reach.ts';

/** How deep a budget may lie in lists, promises and pairs and still be seen. */
const DEPTH_MAX = 5;

/** Generic types of the language that carry their type arguments as a whole. */
const CARRIERS = new Set([
  'Array',
  'Map',
  'Promise',
  'PromiseLike',
  'ReadonlyArray',
  'ReadonlyMap',
  'ReadonlySet',
  'Set',
]);

/** What an affine type is. */
export interface Affine {
  /** A handle itself, a promise of one, or something else that carries handles. */
  readonly shape: 'handle' | 'promise' | 'carrier';
  /** Names of the methods that use a handle up. */
  readonly consuming: ReadonlySet<string>;
  /** Whether it is held until it is settled or released; `both`: it carries such and others. */
  readonly hold: 'no' | 'yes' | 'both';
  /** A guard's reservation has no brand: it may be kept anywhere, only not forgotten. */
  readonly isBranded: boolean;
  /** Whether it is a collection that things are kept in: a map or a set. */
  readonly isStore: boolean;
  /** Of a pair or tuple: what each element is. */
  readonly elements: readonly (Affine | undefined)[] | undefined;
}

/** What has a signature: a call, a `new`, a tag before a template. */
export type Called =
  | TSESTree.CallExpression
  | TSESTree.NewExpression
  | TSESTree.TaggedTemplateExpression;

/** What a parameter does with what is passed to it: takes it over, borrows it, or nobody knows. */
export type Taking = 'owned' | 'borrowed' | 'opaque';

/**
 * The two questions that the analysis asks about types: is it affine, and does a call consume. What
 * else it asks is about the types around these two.
 */
export class TypeQuestions {
  readonly #services: ParserServicesWithTypeInformation;
  readonly #checker: ts.TypeChecker;
  readonly #brands: ReadonlySet<ts.__String>;
  readonly #known = new Map<ts.Type, Affine | undefined>();

  constructor(services: ParserServicesWithTypeInformation) {
    this.#services = services;
    this.#checker = services.program.getTypeChecker();
    this.#brands = new Set(brandsOf(services.program));
  }

  /** What the type of a node is, if it is affine. */
  affineAt(node: TSESTree.Node): Affine | undefined {
    return this.#affine(this.#services.getTypeAtLocation(node), DEPTH_MAX);
  }

  /** What instances of a class are, if they are affine; the node names the class. */
  instancesOf(node: TSESTree.Node): Affine | undefined {
    const made = this.#services.getTypeAtLocation(node).getProperty('prototype');
    if (made === undefined) return undefined;
    return this.#affine(this.#checker.getTypeOfSymbol(made), DEPTH_MAX);
  }

  /** Whether a call takes over the argument at an index. */
  takes(call: Called, index: number): Taking {
    const signature = this.#signatureOf(call);
    const type = signature === undefined ? undefined : this.#parameterAt(call, signature, index);
    // A function that tells types apart only looks, whatever the type of its parameter.
    if (type === undefined || this.#predicateOf(signature) !== undefined) return 'borrowed';
    if ((type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0) return 'opaque';
    return this.#affine(type, DEPTH_MAX) === undefined ? 'borrowed' : 'owned';
  }

  /**
   * What a call that tells types apart says: with `affine` its argument has the handle where the
   * call is true, with `other` where it is false. `undefined`: it says nothing of the kind.
   */
  tells(call: TSESTree.CallExpression): 'affine' | 'other' | undefined {
    const type = this.#predicateOf(this.#signatureOf(call))?.type;
    if (type === undefined) return undefined;
    return this.#affine(type, DEPTH_MAX) === undefined ? 'other' : 'affine';
  }

  /** Whether a function value takes over its first argument. */
  takesFirst(node: TSESTree.Node): boolean {
    const [signature] = this.#services.getTypeAtLocation(node).getCallSignatures();
    const first = signature?.parameters[0];
    if (first === undefined) return false;
    return this.#affine(this.#checker.getTypeOfSymbol(first), DEPTH_MAX) !== undefined;
  }

  /** Whether the place where a function stands promises to call it at most once. */
  isOnce(node: TSESTree.Expression): boolean {
    const type = this.#checker.getContextualType(
      this.#services.esTreeNodeToTSNodeMap.get(node) as ts.Expression,
    );
    return type?.getProperties().some((one) => isUnique(one, 'once')) ?? false;
  }

  /**
   * Whether the place of a value in a literal asks for something that is not affine, as a view is.
   * For a property the literal is asked, since a shorthand has no place of its own.
   */
  isLentAt(node: TSESTree.Expression, property?: TSESTree.Property): boolean {
    const { esTreeNodeToTSNodeMap } = this.#services;
    const whole = this.#checker.getContextualType(esTreeNodeToTSNodeMap.get(node) as ts.Expression);
    const name = property?.key.type === AST_NODE_TYPES.Identifier ? property.key.name : undefined;
    if (whole === undefined || (property !== undefined && name === undefined)) return false;
    const found = name === undefined ? undefined : whole.getProperty(name);
    if (name !== undefined && found === undefined) return false;
    const type = found === undefined ? whole : this.#checker.getTypeOfSymbol(found);
    if ((type.flags & OPEN) !== 0) return false;
    return this.#affine(type, DEPTH_MAX) === undefined;
  }

  /** Whether a call never returns. */
  isNever(node: TSESTree.Node): boolean {
    return (this.#services.getTypeAtLocation(node).flags & ts.TypeFlags.Never) !== 0;
  }

  /** Whether a type says nothing at all: `any` or `unknown`. */
  isOpaque(node: TSESTree.Node): boolean {
    const { flags } = this.#services.getTypeAtLocation(node);
    return (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0;
  }

  /** The name of the type of an expression: `Map`, `AsyncLocalStorage`. */
  nameAt(node: TSESTree.Node): string | undefined {
    return this.#services.getTypeAtLocation(node).getSymbol()?.name;
  }

  /** All values that an expression can have, where its type lists them. */
  valuesAt(node: TSESTree.Node): ReadonlySet<unknown> | undefined {
    const type = this.#services.getTypeAtLocation(node);
    const parts = type.isUnion() ? type.types : [type];
    if (!parts.every((one) => one.isLiteral())) return undefined;
    return new Set(parts.map((one) => (one.isLiteral() ? one.value : undefined)));
  }

  /** Names of the affine properties of a plain object type. */
  affineProperties(node: TSESTree.Node): ReadonlyMap<string, Affine> {
    const found = new Map<string, Affine>();
    const type = this.#services.getTypeAtLocation(node);
    if ((type.flags & ts.TypeFlags.Object) === 0 || type.isClass()) return found;
    for (const property of type.getProperties()) {
      const affine = this.#affine(this.#checker.getTypeOfSymbol(property), 1);
      if (affine !== undefined) found.set(property.name, affine);
    }
    return found;
  }

  #signatureOf(call: Called): ts.Signature | undefined {
    const node = this.#services.esTreeNodeToTSNodeMap.get(call) as ts.CallLikeExpression;
    return this.#checker.getResolvedSignature(node);
  }

  #predicateOf(signature: ts.Signature | undefined): ts.TypePredicate | undefined {
    return signature === undefined
      ? undefined
      : this.#checker.getTypePredicateOfSignature(signature);
  }

  #parameterAt(call: Called, signature: ts.Signature, index: number): ts.Type | undefined {
    const node = this.#services.esTreeNodeToTSNodeMap.get(call);
    const parameters = signature.getParameters();
    const at = Math.min(index, parameters.length - 1);
    const parameter = parameters[at];
    if (parameter === undefined) return undefined;
    const type = this.#checker.getTypeOfSymbolAtLocation(parameter, node);
    const declared = parameter.valueDeclaration;
    const isRest = declared !== undefined && ts.isParameter(declared) && declared.dotDotDotToken;
    if (!isRest) return index > at ? undefined : type;
    if (!isReference(type)) return type;
    const elements = this.#checker.getTypeArguments(type);
    return this.#checker.isTupleType(type) ? elements[index - at] : elements[0];
  }

  #affine(type: ts.Type, depth: number): Affine | undefined {
    if ((type.flags & DULL) !== 0 || depth === 0) return undefined;
    if (this.#known.has(type)) return this.#known.get(type);
    this.#known.set(type, undefined);
    const found = this.#find(type, depth);
    this.#known.set(type, found);
    return found;
  }

  #find(type: ts.Type, depth: number): Affine | undefined {
    if (type.isUnion()) {
      return both(type.types.map((one) => this.#affine(one, depth)));
    }
    if ((type.flags & ts.TypeFlags.Instantiable) !== 0) {
      const bound = this.#checker.getBaseConstraintOfType(type);
      return bound === undefined || bound === type ? undefined : this.#affine(bound, depth);
    }
    return this.#handle(type) ?? this.#carrier(type, depth);
  }

  #handle(type: ts.Type): Affine | undefined {
    // The checker looks properties up by names that can be written; a brand's cannot.
    for (const property of type.getProperties()) {
      if (!this.#brands.has(property.escapedName)) continue;
      const names = this.#checker.getTypeOfSymbol(property);
      const parts = names.isUnion() ? names.types : [names];
      const consuming = parts.flatMap((one) => (one.isStringLiteral() ? [one.value] : []));
      return handleOf(new Set(consuming), true);
    }
    return isReservation(type) ? handleOf(endsOf(type), false) : undefined;
  }

  #carrier(type: ts.Type, depth: number): Affine | undefined {
    if (!isReference(type)) return undefined;
    const isTuple = this.#checker.isTupleType(type);
    const name = type.getSymbol()?.name ?? '';
    if (!isTuple && !CARRIERS.has(name)) return undefined;
    const elements = this.#checker.getTypeArguments(type);
    const parts = elements.map((one) => this.#affine(one, depth - 1));
    const whole = both(parts);
    if (whole === undefined) return undefined;
    const shape = name.startsWith('Promise') ? 'promise' : 'carrier';
    const isStore = /(Map|Set)$/.test(name);
    return { ...whole, shape, isStore, elements: isTuple ? parts : undefined };
  }
}

/** Types that say nothing of what they hold. */
const OPEN = ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.TypeParameter;

const DULL =
  ts.TypeFlags.Any |
  ts.TypeFlags.Unknown |
  ts.TypeFlags.Never |
  ts.TypeFlags.StringLike |
  ts.TypeFlags.NumberLike |
  ts.TypeFlags.BigIntLike |
  ts.TypeFlags.BooleanLike |
  ts.TypeFlags.ESSymbolLike |
  ts.TypeFlags.Void |
  ts.TypeFlags.Undefined |
  ts.TypeFlags.Null |
  ts.TypeFlags.NonPrimitive;

/** The type services of a file, or `undefined` where it is linted without types. */
export function servicesOf(
  context: Parameters<typeof ESLintUtils.getParserServices>[0],
): ParserServicesWithTypeInformation {
  return ESLintUtils.getParserServices(context);
}

function handleOf(consuming: ReadonlySet<string>, isBranded: boolean): Affine {
  const isHold = consuming.has('settle') && consuming.has('release');
  return {
    shape: 'handle',
    consuming,
    hold: isHold ? 'yes' : 'no',
    isBranded,
    isStore: false,
    elements: undefined,
  };
}

/** Several affine types seen as one: of a union, or in one carrier. */
function both(parts: readonly (Affine | undefined)[]): Affine | undefined {
  const affine = parts.filter((one) => one !== undefined);
  const [first] = affine;
  if (first === undefined || affine.length === 1) return first;
  const isMixed = affine.some((one) => one.hold !== first.hold);
  return {
    shape: affine.every((one) => one.shape === first.shape) ? first.shape : 'carrier',
    consuming: new Set(affine.flatMap((one) => [...one.consuming])),
    hold: isMixed ? 'both' : first.hold,
    isBranded: affine.some((one) => one.isBranded),
    isStore: affine.every((one) => one.isStore),
    elements: affine.find((one) => one.elements !== undefined)?.elements,
  };
}

/** The guard's reservation: by its shape, since it has no brand. */
function isReservation(type: ts.Type): boolean {
  if ((type.flags & ts.TypeFlags.Object) === 0) return false;
  return ['settle', 'release', 'id'].every((name) => type.getProperty(name) !== undefined);
}

/** The methods of a reservation that end it, its own package's included. */
function endsOf(type: ts.Type): ReadonlySet<string> {
  const names = type.getProperties().map(({ name }) => name);
  return new Set(names.filter((name) => /^(settle|release|expire|finish)/.test(name)));
}

function isReference(type: ts.Type): type is ts.TypeReference {
  const { flags } = type;
  return (
    (flags & ts.TypeFlags.Object) !== 0 &&
    ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0
  );
}

function isUnique(property: ts.Symbol, name: string): boolean {
  return property.escapedName.toString().startsWith(`__@${name}`);
}

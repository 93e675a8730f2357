/** Stands for every item of an array in a path. */
export const EACH: unique symbol = Symbol('each item');

/** Where a value stands in a document: object keys, and `EACH` for array items. Never empty. */
export type JsonPath = readonly (string | typeof EACH)[];

/** Counts the values at a path: all of them, and apart those equal to one of the strings. */
export interface Tally {
  readonly path: JsonPath;
  readonly of: readonly string[];
}

/** What a scanner must keep of a document; made once, shared by all scanners of one format. */
export interface JsonPlan<Captures extends string, Tallies extends string> {
  readonly root: PathNode;
  readonly captures: ReadonlyMap<Captures, number>;
  readonly tallies: ReadonlyMap<Tallies, number>;
  /** For each tally slot the strings that it counts apart. */
  readonly strings: readonly (readonly string[])[];
  /** Containers deeper than this hold nothing of interest. */
  readonly depthMax: number;
}

/** One step of the paths that share a beginning. */
export interface PathNode {
  readonly keys: Map<string, PathNode>;
  /** The same keys as bytes: all are ASCII. */
  readonly steps: { readonly bytes: Uint8Array; readonly node: PathNode }[];
  each: PathNode | undefined;
  /** Slot of the capture that ends here, -1 for none. */
  capture: number;
  /** Slot of the tally that ends here, -1 for none. */
  tally: number;
  /** Slots at or under this node, outside arrays: what a repeated key forgets. */
  readonly capturesBelow: number[];
  readonly talliesBelow: number[];
}

/** Longest key or counted string, in bytes: six times as many when every character is escaped. */
export const TEXT_BYTES_MAX = 40;

/**
 * Joins the paths into one tree.
 *
 * Captured values are whole subtrees, so no path may go on below a capture and none may be captured
 * under `EACH` (there would be many); both are mistakes of ours and throw.
 */
export function planJson<Captures extends string, Tallies extends string = never>(
  captures: Readonly<Record<Captures, JsonPath>>,
  tallies: Readonly<Record<Tallies, Tally>>,
): JsonPlan<Captures, Tallies> {
  const root = openNode();
  const captureSlots = new Map<Captures, number>();
  const tallySlots = new Map<Tallies, number>();
  const strings: (readonly string[])[] = [];
  let depthMax = 0;
  for (const [name, path] of Object.entries(captures) as [Captures, JsonPath][]) {
    const slot = captureSlots.size;
    captureSlots.set(name, slot);
    const node = plant(root, path, (at) => at.capturesBelow.push(slot));
    node.capture = slot;
    depthMax = Math.max(depthMax, path.length);
  }
  for (const [name, tally] of Object.entries(tallies) as [Tallies, Tally][]) {
    const slot = tallySlots.size;
    tallySlots.set(name, slot);
    strings.push(tally.of);
    const node = plant(root, tally.path, (at) => at.talliesBelow.push(slot));
    node.tally = slot;
    depthMax = Math.max(depthMax, tally.path.length);
  }
  check(root, false);
  return { root, captures: captureSlots, tallies: tallySlots, strings, depthMax };
}

function plant(root: PathNode, path: JsonPath, mark: (node: PathNode) => void): PathNode {
  let node = root;
  let isUnderEach = false;
  for (const step of path) {
    node = step === EACH ? (node.each ??= openNode()) : childOf(node, step);
    // The same key in the next item is no repetition, so it must not forget the items before.
    isUnderEach ||= step === EACH;
    if (!isUnderEach) mark(node);
  }
  return node;
}

function childOf(node: PathNode, key: string): PathNode {
  if (key.length > TEXT_BYTES_MAX) throw new Error(`a path step is too long: ${key}`);
  const known = node.keys.get(key);
  if (known !== undefined) return known;
  const child = openNode();
  node.keys.set(key, child);
  node.steps.push({ bytes: new TextEncoder().encode(key), node: child });
  return child;
}

/** Recursion here is over our own constant paths, never over input. */
function check(node: PathNode, isUnderEach: boolean): void {
  const isLeaf = node.keys.size === 0 && node.each === undefined;
  if (node.capture >= 0 && (!isLeaf || isUnderEach)) {
    throw new Error('a captured path must be a leaf outside arrays');
  }
  for (const child of node.keys.values()) check(child, isUnderEach);
  if (node.each !== undefined) check(node.each, true);
}

function openNode(): PathNode {
  return {
    keys: new Map(),
    steps: [],
    each: undefined,
    capture: -1,
    tally: -1,
    capturesBelow: [],
    talliesBelow: [],
  };
}

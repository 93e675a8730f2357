import type { JsonObject } from './json.ts';
import { isObject, textIn } from './json.ts';

const NODES_MAX = 2_000;
const HOPS_MAX = 32;

interface Open {
  readonly schema: unknown;
  readonly put: (value: unknown) => void;
}

/**
 * A value that the JSON schema accepts, for structured-output requests without a scripted reply.
 *
 * Knows `type`, `properties`, `items`, `enum`, `const`, `anyOf`, `oneOf`, `allOf` (its first) and
 * local `$ref`; ignores lengths and patterns. Stops after 2,000 nodes, leaving `null` below.
 */
export function sampleSchema(root: JsonObject): unknown {
  let result: unknown = null;
  const open: Open[] = [{ schema: root, put: (value) => (result = value) }];
  for (let nodes = 0; open.length > 0 && nodes < NODES_MAX; nodes += 1) {
    const next = open.shift();
    if (next !== undefined) next.put(sampleNode(resolve(next.schema, root), open));
  }
  for (const left of open) left.put(null);
  return result;
}

function sampleNode(schema: unknown, open: Open[]): unknown {
  if (!isObject(schema)) return null;
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  switch (type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1;
    case 'boolean':
      return true;
    case 'array':
      return sampleArray(schema, open);
    case 'object':
      return sampleObject(schema, open);
    default:
      return null;
  }
}

function sampleObject(schema: JsonObject, open: Open[]): JsonObject {
  const result: Record<string, unknown> = {};
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  for (const [name, property] of Object.entries(properties)) {
    result[name] = null;
    open.push({ schema: property, put: (value) => (result[name] = value) });
  }
  return result;
}

function sampleArray(schema: JsonObject, open: Open[]): readonly unknown[] {
  const result: unknown[] = [null];
  open.push({ schema: schema['items'], put: (value) => (result[0] = value) });
  return result;
}

/** The schema behind references and choices, the first of each. */
function resolve(start: unknown, root: JsonObject): unknown {
  let schema = start;
  for (let hops = 0; hops < HOPS_MAX && isObject(schema); hops += 1) {
    const choices = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'];
    const reference = textIn(schema['$ref']);
    if (reference !== undefined) schema = lookUp(reference, root);
    else if (Array.isArray(choices)) schema = choices[0];
    else return schema;
  }
  return undefined;
}

function lookUp(reference: string, root: JsonObject): unknown {
  let found: unknown = root;
  for (const step of reference.split('/').slice(1)) {
    found = isObject(found) ? found[step] : undefined;
  }
  return found;
}

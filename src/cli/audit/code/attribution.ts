import type { CodeFile } from '../read/code-file.ts';
import type { Call, Span } from '../read/source.ts';
import { bare, keyOf, objectOf } from '../read/value.ts';
import type { Evidence } from '../point.ts';
import type { Project } from '../project.ts';

/** Which dimensions calls carry, as far as the code shows. */
export interface Attribution {
  readonly dimensions: ReadonlySet<string>;
  /** Some scopes are made by functions, and may hold any dimension. */
  readonly isComputed: boolean;
  readonly places: readonly Evidence[];
}

/** Which argument of a call holds scopes, by the last name of its path. */
const HOLDS_SCOPES: Readonly<Record<string, number>> = {
  run: 0,
  for: 0,
  wrapAnthropic: 2,
  wrapOpenAI: 2,
  guardedFetch: 1,
};

/** Fields that hold scopes in the options of reservations and middleware. */
const SCOPE_FIELDS = /^(scopes|headers|trustedHeaders|dimensions)$/;

/** Collects the dimensions that any call of the project carries. */
export function attributionIn({ code, files, guards }: Project): Attribution {
  const guardNames = new Set(guards.map(guardName));
  const dimensions = new Set<string>();
  const places: Evidence[] = [];
  let isComputed = false;
  for (const file of code.filter(({ isTest }) => !isTest)) {
    for (const call of file.calls) {
      const found = scopesOf(file, call, guardNames);
      if (found === undefined) continue;
      isComputed ||= found.isComputed;
      for (const name of found.names) dimensions.add(name);
      if (found.names.length === 0) continue;
      const place = { file: file.path, line: file.source.line(call.from) };
      places.push({ place, what: `calls carry ${found.names.join(', ')}` });
    }
  }
  if (code.some((file) => file.takesFrom(/^hardcap\/agents$/))) dimensions.add('agent');
  for (const { text } of files) {
    for (const [, pairs = ''] of text.matchAll(/HARDCAP_SCOPES["']?\s*[:=]\s*["']?([\w=,.-]+)/g)) {
      for (const pair of pairs.split(',')) dimensions.add(pair.split('=')[0] ?? '');
    }
  }
  return { dimensions, isComputed, places };
}

function scopesOf(
  file: CodeFile,
  call: Call,
  guardNames: ReadonlySet<string | undefined>,
): { readonly names: readonly string[]; readonly isComputed: boolean } | undefined {
  const last = call.path.split('.').at(-1) ?? '';
  const index = Object.hasOwn(HOLDS_SCOPES, last) ? HOLDS_SCOPES[last] : undefined;
  const owner = call.path.split('.').at(-2);
  const isNamed = owner !== undefined && guardNames.has(owner);
  const isGuard = isNamed || /guard|budget|view|caps/i.test(call.path) || index !== 0;
  if (index !== undefined && isGuard) {
    const span = call.args[index];
    return span === undefined ? undefined : keysOf(file, span);
  }
  if (!file.takesFrom(/^hardcap(\/|$)/)) return undefined;
  const fields = call.args.flatMap((arg) => fieldsIn(file, arg));
  if (fields.length === 0) return undefined;
  return {
    names: fields.flatMap(({ names }) => names),
    isComputed: fields.some((one) => one.isComputed),
  };
}

/** The constant that holds a guard: `limiter` of `const limiter = new BudgetGuard()`. */
export function guardName({ made }: Project['guards'][number]): string | undefined {
  if (made === undefined) return undefined;
  const { file, call } = made;
  return file.names.bindings.find(({ value }) => value.from <= call.from && call.to <= value.to)
    ?.name;
}

/** `scopes: { customer }`, `scopes: (request) => ({ customer: ... })` in options. */
function fieldsIn(file: CodeFile, span: Span) {
  const object = objectOf(file, span);
  if (object === undefined) return [];
  return file.source.parts(object.from).flatMap((part) => {
    const name = keyOf(file.source, part);
    if (name === 'routeAsFeature') return [{ names: ['feature'], isComputed: false }];
    if (name === undefined || !SCOPE_FIELDS.test(name)) return [];
    const isShort = part.to - part.from === 1;
    return [keysOf(file, isShort ? part : { from: part.from + 2, to: part.to })];
  });
}

/** The keys of an object, also of one that a function returns at once. */
function keysOf(file: CodeFile, span: Span) {
  const made = file.functions.find(
    ({ from, body }) => span.from <= from && body.to <= span.to && from < span.from + 2,
  );
  const value = made === undefined ? span : returned(file, made.body, made.hasBlock);
  const object = value === undefined ? undefined : objectOf(file, value);
  if (object === undefined) return { names: [], isComputed: true };
  const parts = file.source.parts(object.from);
  const names = parts.flatMap((part) => {
    return file.source.at(part.from) === '...' ? [] : (keyOf(file.source, part) ?? []);
  });
  return { names, isComputed: names.length < parts.length };
}

function returned(file: CodeFile, body: Span, hasBlock: boolean): Span | undefined {
  if (!hasBlock) return bare(file.source, body);
  const { source } = file;
  const at = source.tokens.findIndex(
    ({ text }, index) => index >= body.from && index < body.to && text === 'return',
  );
  return at < 0 ? undefined : { from: at + 1, to: (source.pair[at + 1] ?? at) + 1 };
}

import type { CodeFile } from '../read/code-file.ts';
import type { Func } from '../read/functions.ts';
import { bindingOf, type Binding } from '../read/names.ts';
import type { Call, Span } from '../read/source.ts';
import { bare, keyOf } from '../read/value.ts';
import { GUARDING } from './clients.ts';

/** How many names and functions are followed, one from the other. */
const STEPS_MAX = 5;

/**
 * Whether a guard gets hold of what an expression makes, as far as its file shows: the wrappers of
 * hardcap put the guard inside, so one call of them guards the client under each of its names.
 */
export function comesToGuard(file: CodeFile, made: Span, step = 0): boolean {
  if (step > STEPS_MAX) return false;
  const { source } = file;
  const whole = chained(file, made);
  if (whole === undefined) return false;
  const open = source.around[whole.from] ?? -1;
  const given = file.names.bindings.find(
    ({ value, block }) =>
      value.from <= whole.from &&
      whole.to <= value.to &&
      sameLevel(file, whole.from, { value, block }),
  );
  if (given !== undefined) return nameIsGuarded(file, given, step + 1);
  const target = assignedTo(file, whole.from);
  if (target !== undefined) return memberIsGuarded(file, target) || lateName(file, target, step);
  if (isResult(file, whole.from)) return resultIsGuarded(file, whole.from, step + 1);
  if (source.at(open) === '(') return argumentIsGuarded(file, whole, step);
  if (source.at(open) === '{') {
    const part = source.parts(open).find(({ from, to }) => from <= whole.from && whole.to <= to);
    const key = part === undefined ? undefined : keyOf(source, part);
    return key !== undefined && memberIsGuarded(file, key);
  }
  return false;
}

/** Whether a call puts a guard around its first argument, or makes a guarded `fetch`. */
export function isGuarding(file: CodeFile, call: Call): boolean {
  const last = call.path.split('.').at(-1) ?? '';
  const imported = file.importedName(call);
  if (
    imported !== undefined &&
    imported.module !== 'hardcap' &&
    file.ownGuards.has(imported.name)
  ) {
    return true;
  }
  return GUARDING.has(imported === undefined || imported.name === 'default' ? last : imported.name);
}

/** Functions that a file gives to others and that guard their first argument. */
export function guardsGivenOut(file: CodeFile): readonly string[] {
  return file.functions.flatMap(({ name, params: [first], body, isExported }) => {
    if (name === undefined || first === undefined || !isExported) return [];
    const client = file.source.at(first.from);
    const guards = file
      .callsIn(body)
      .some((call) => isGuarding(file, call) && firstArgument(file, call) === client);
    return guards ? [name] : [];
  });
}

/** Whether the options of a client or a provider hold a `fetch` that is not the runtime's own. */
export function hasGuardedFetch(file: CodeFile, { open, to }: Call): boolean {
  return open >= 0 && holdsFetch(file, { from: open + 1, to }, 0);
}

/** Looks through options, and through constants of the file that stand for a part of them. */
function holdsFetch(file: CodeFile, { from, to }: Span, step: number): boolean {
  const { source, names } = file;
  for (let at = from; at < to; at += 1) {
    if (source.tokens[at]?.kind !== 'name') continue;
    const next = source.at(at + 1);
    const isKey = ['{', ','].includes(source.at(at - 1)) && [':', ',', '}'].includes(next);
    if (isKey && source.at(at) === 'fetch') {
      return isGuardedFetch(file, next === ':' ? at + 2 : at);
    }
    if (next === ':' || source.at(at - 1) === '.' || step > STEPS_MAX) continue;
    const binding = bindingOf(names, source, { name: source.at(at), at });
    const isObject = binding !== undefined && source.at(bare(source, binding.value).from) === '{';
    if (isObject && holdsFetch(file, binding.value, step + 1)) return true;
  }
  return false;
}

/** A `fetch` that was made by hardcap, handed in or imported; the global one is none. */
function isGuardedFetch(file: CodeFile, at: number, step = 0): boolean {
  const { source, names } = file;
  const text = source.at(at);
  if (step > STEPS_MAX || /^(globalThis|window|self|undefined|null)$/.test(text)) return false;
  const call = file.calls.find(({ from }) => from === at);
  if (call !== undefined) return call.path !== 'fetch' && !call.path.startsWith('fetch.');
  const binding = bindingOf(names, source, { name: text, at });
  if (binding !== undefined) return isGuardedFetch(file, binding.value.from, step + 1);
  if (names.imports.some(({ local }) => local === text)) return true;
  const around = file.functionAround(at);
  const isParameter = around?.params.some(({ from, to }) =>
    source.tokens.slice(from, to).some((one) => one.text === text),
  );
  if (isParameter === true) return true;
  const own = file.functions.find(({ from, body }) => from <= at && at < body.from);
  if (own === undefined) return text !== 'fetch' && source.tokens[at]?.kind === 'name';
  return !file
    .callsIn(own.body)
    .some(({ path }) => path === 'fetch' || path === 'globalThis.fetch');
}

/** The expression with what leaves a client a client behind it; `undefined`: it is used at once. */
function chained(file: CodeFile, { from, to }: Span): Span | undefined {
  const { source } = file;
  const next = source.at(to);
  if (next !== '.' && next !== '?.') return { from, to };
  if (source.at(to + 1) !== 'withOptions') return undefined;
  const close = source.pair[to + 2] ?? -1;
  return close < 0 ? undefined : chained(file, { from, to: close + 1 });
}

/** Whether nothing but a choice (`?:`, `??`) stands between a value and an expression in it. */
function sameLevel(
  { source }: CodeFile,
  at: number,
  { value, block }: Pick<Binding, 'value' | 'block'>,
): boolean {
  let open = source.around[at] ?? -1;
  while (
    open >= value.from &&
    source.at(open) === '(' &&
    source.tokens[open - 1]?.kind !== 'name'
  ) {
    open = source.around[open] ?? -1;
  }
  const isFunction = source.tokens.slice(value.from, at).some(({ text }) => text === '=>');
  return !isFunction && (open === block || open < value.from);
}

/** `name =`, `this.name =`, `name: Type =` of a class: the last name before the expression. */
function assignedTo({ source }: CodeFile, from: number): string | undefined {
  let at = from - 1;
  while (['await', '(', '??', '||'].includes(source.at(at)) && at > 0) at -= 1;
  if (!['=', '??=', '||='].includes(source.at(at))) return undefined;
  let name = at - 1;
  for (let back = name; back > name - TYPE_TOKENS_MAX && back > 0; back -= 1) {
    if (source.at(back) === ':') {
      name = source.at(back - 1) === '?' || source.at(back - 1) === '!' ? back - 2 : back - 1;
      break;
    }
    if (/^[;{}=)]$/.test(source.at(back))) break;
  }
  const token = source.tokens[name];
  return token?.kind === 'name' ? token.text : undefined;
}

const TYPE_TOKENS_MAX = 12;

function isResult(file: CodeFile, from: number): boolean {
  let at = from - 1;
  while (file.source.at(at) === 'await' || file.source.at(at) === '(') at -= 1;
  return file.source.at(at) === 'return' || file.source.at(at) === '=>';
}

/** What a function of the file's own makes is guarded if every call of it comes to a guard. */
function resultIsGuarded(file: CodeFile, at: number, step: number): boolean {
  const maker = file.functionAround(at);
  if (maker === undefined) return false;
  const isOwn = maker.name?.startsWith('#') === true;
  if (maker.name === undefined) return calledAtOnce(file, maker, step);
  if (maker.isExported && !isOwn) return false;
  const uses = file.calls.filter(
    (call) => call.path.replace(/^this\./, '') === maker.name && call.open !== maker.from,
  );
  return uses.length > 0 && uses.every((call) => comesToGuard(file, call, step + 1));
}

/** `(() => new OpenAI())()`. */
function calledAtOnce(file: CodeFile, maker: Func, step: number): boolean {
  const open = file.source.around[maker.from] ?? -1;
  const close = open < 0 ? -1 : (file.source.pair[open] ?? -1);
  if (file.source.at(open) !== '(' || file.source.at(close + 1) !== '(') return false;
  const end = file.source.pair[close + 1] ?? -1;
  return end > 0 && comesToGuard(file, { from: open, to: end + 1 }, step + 1);
}

function argumentIsGuarded(file: CodeFile, whole: Span, step: number): boolean {
  const { source } = file;
  const open = source.around[whole.from] ?? -1;
  const call = file.calls.find((one) => one.open === open);
  if (call === undefined) {
    const close = source.pair[open] ?? -1;
    return close > 0 && comesToGuard(file, { from: open, to: close + 1 }, step + 1);
  }
  const index = call.args.findIndex(({ from, to }) => from <= whole.from && whole.to <= to);
  if (isGuarding(file, call)) return index === 0;
  const parameter = file.called(call)?.params[index];
  return parameter !== undefined && parameterIsGuarded(file, call, parameter);
}

/** A client handed to a function of the file that guards its parameter. */
function parameterIsGuarded(file: CodeFile, call: Call, { from }: Span): boolean {
  const body = file.called(call)?.body;
  const name = file.source.at(from);
  if (body === undefined) return false;
  return file
    .callsIn(body)
    .some((one) => isGuarding(file, one) && firstArgument(file, one) === name);
}

function nameIsGuarded(file: CodeFile, binding: Binding, step: number): boolean {
  const { source } = file;
  const isSame = (at: number) =>
    bindingOf(file.names, source, { name: binding.name, at })?.at === binding.at;
  const isWrapped = file.calls.some(
    (call) =>
      isGuarding(file, call) && firstArgument(file, call) === binding.name && isSame(call.open),
  );
  if (isWrapped) return true;
  return source.tokens.some(({ kind, text }, at) => {
    if (kind !== 'name' || text !== binding.name || at === binding.at) return false;
    if (source.at(at - 1) === '.' || source.at(at + 1) === '.' || source.at(at + 1) === '?.') {
      return false;
    }
    const isValue = ['=', '(', 'return', '=>', ':', ','].includes(source.at(at - 1));
    return isValue && isSame(at) && isRead(file, at, step);
  });
}

/** A name that is passed on: to another name, to a function, out of a function. */
function isRead(file: CodeFile, at: number, step: number): boolean {
  return comesToGuard(file, { from: at, to: at + 1 }, step + 1);
}

/** `let client; client = new OpenAI(); wrapOpenAI(client, guard)`. */
function lateName(file: CodeFile, name: string, step: number): boolean {
  return (
    step <= STEPS_MAX &&
    file.calls.some((call) => isGuarding(file, call) && firstArgument(file, call) === name)
  );
}

/** A client in a field is guarded if the file guards a field of that name. */
function memberIsGuarded(file: CodeFile, name: string): boolean {
  return file.calls.some((call) => {
    if (!isGuarding(file, call)) return false;
    const written = firstArgument(file, call);
    return written !== undefined && written.split('.').at(-1) === name;
  });
}

/** The first argument as it is written, where it is a name or a path: `this.client`. */
function firstArgument(file: CodeFile, { args: [first] }: Call): string | undefined {
  if (first === undefined) return undefined;
  const { from, to } = bare(file.source, first);
  const tokens = file.source.tokens.slice(from, to);
  const isPath = tokens.every(({ kind, text }) => kind === 'name' || text === '.' || text === '?.');
  return isPath ? tokens.map(({ text }) => text.replace('?.', '.')).join('') : undefined;
}

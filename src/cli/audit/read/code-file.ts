import { functionAround, functionNamed, functionsOf, type Func } from './functions.ts';
import { bindingOf, importOf, namesOf, type Names } from './names.ts';
import { Source, type Call, type Import, type Span } from './source.ts';
import type { Origin } from './given-out.ts';
import type { Reader } from './typescript-tokens.ts';

/** A JavaScript or TypeScript file, read once and asked by every point. */
export class CodeFile {
  readonly path: string;
  readonly source: Source;
  readonly names: Names;
  /** What read it, for the evidence. */
  readonly engine: string;
  /** Only runs in tests. */
  readonly isTest: boolean;
  /** Functions of other files of the project that guard what they are given, by their names. */
  ownGuards: ReadonlySet<string> = new Set();
  /** Where a name comes from that this file takes from another of the project. */
  origin: (taken: Origin) => Origin | undefined = () => undefined;
  #functions: readonly Func[] | undefined;

  constructor(path: string, text: string, reader: Reader) {
    this.path = path;
    this.source = new Source(path, text, reader.read(path, text));
    this.names = namesOf(this.source);
    this.engine = reader.name;
    this.isTest =
      /(^|\/)(tests?|__tests__|__mocks__|fixtures|e2e)\/|\.(test|spec)\.[cm]?[jt]sx?$/.test(path);
  }

  get functions(): readonly Func[] {
    this.#functions ??= functionsOf(this.source, this.names);
    return this.#functions;
  }

  get calls(): readonly Call[] {
    return this.source.calls;
  }

  /** Calls within a span of tokens. */
  callsIn({ from, to }: Span): readonly Call[] {
    return this.calls.filter((call) => call.from >= from && call.to <= to);
  }

  /** What the first name of a path is imported as: `OpenAI.Chat` by `OpenAI`. */
  importOf(call: Call): Import | undefined {
    const [head = ''] = call.path.split('.');
    const name = this.#alias(head, call.from);
    const found = importOf(this.names, this.source, { name, at: call.from });
    const origin = found === undefined ? undefined : this.origin(found);
    return found === undefined || origin === undefined ? found : { ...found, ...origin };
  }

  /** What a constant stands for that is only another name: `const Client = OpenAI`. */
  #alias(name: string, at: number): string {
    const binding = bindingOf(this.names, this.source, { name, at });
    if (binding === undefined || binding.value.to - binding.value.from !== 1) return name;
    const text = this.source.at(binding.value.from);
    return this.names.imports.some(({ local }) => local === text) ? text : name;
  }

  /** The name that is called, in its module: `OpenAI` for `new ai.OpenAI()`. */
  importedName(call: Call): { readonly module: string; readonly name: string } | undefined {
    const found = this.importOf(call);
    if (found === undefined) return undefined;
    const rest = call.path.split('.').slice(1);
    if (rest.length === 0) return { module: found.module, name: found.name };
    if (rest.length > 1) return undefined;
    const isWhole = found.name === '*' || found.name === 'default';
    return isWhole ? { module: found.module, name: rest[0] ?? '' } : undefined;
  }

  /** The function of this file that a call calls. */
  called(call: Call): Func | undefined {
    const name = call.path.replace(/^this\./, '');
    if (name.includes('.') || call.isNew) return undefined;
    return functionNamed(this.functions, { name, at: call.from }, this);
  }

  functionAround(index: number): Func | undefined {
    return functionAround(this.functions, index);
  }

  /** Whether a module is imported, or one below it. */
  takesFrom(pattern: RegExp): boolean {
    return [...this.names.modules].some((module) => pattern.test(module));
  }
}

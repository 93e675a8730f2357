import type { CodeFile } from './code-file.ts';

/** A name of a module. */
export interface Origin {
  readonly module: string;
  readonly name: string;
}

/** What a file gives to others of what it took from elsewhere, by the name that it has there. */
export function givenOut({ source, names }: CodeFile): ReadonlyMap<string, Origin> {
  const given = new Map<string, Origin>();
  for (const [at, { kind, text }] of source.tokens.entries()) {
    if (kind !== 'name' || text !== 'export') continue;
    const next = source.at(at + 1);
    if (next === '*' && source.at(at + 2) === 'from') {
      const module = source.said({ from: at + 3, to: at + 4 });
      if (module !== undefined) given.set(`* ${module}`, { module, name: '*' });
    }
    if (next === '{') {
      const close = source.pair[at + 1] ?? at;
      const isFrom = source.at(close + 1) === 'from';
      const module = isFrom ? source.said({ from: close + 2, to: close + 3 }) : undefined;
      for (const { from, to } of source.parts(at + 1)) {
        const [name, alias] = [source.at(from), source.at(to - 1)];
        const own = names.imports.find(({ local }) => local === name && local !== '');
        const origin = module === undefined ? own : { module, name };
        if (origin !== undefined) given.set(alias, { module: origin.module, name: origin.name });
      }
    }
    const isDefault = next === 'default';
    const start = isDefault ? at + 2 : at + 1;
    if (source.at(start) === 'class') {
      const extend = source.at(start + 2) === 'extends' ? start + 3 : start + 2;
      const base = names.imports.find(({ local }) => local === source.at(extend));
      const member = source.at(extend + 1) === '.' ? source.at(extend + 2) : undefined;
      if (base === undefined || source.at(extend - 1) !== 'extends') continue;
      const name = isDefault ? 'default' : source.at(start + 1);
      given.set(name, { module: base.module, name: member ?? base.name });
    } else if (isDefault) {
      const own = names.imports.find(({ local }) => local === source.at(start) && local !== '');
      if (own !== undefined) given.set('default', { module: own.module, name: own.name });
    }
  }
  for (const { name, value, isExported } of names.bindings) {
    const own = names.imports.find(({ local }) => local === source.at(value.from));
    const isSame = isExported && value.to - value.from === 1 && own !== undefined;
    if (isSame) given.set(name, { module: own.module, name: own.name });
  }
  return given;
}

/** The files of a project by their paths without an ending, and what they give out. */
export class Origins {
  readonly #byStem = new Map<string, CodeFile>();
  readonly #given = new Map<CodeFile, ReadonlyMap<string, Origin>>();
  readonly #packages: ReadonlyMap<string, string>;

  /** `packages`: the folders of the project's own packages, by their names. */
  constructor(code: readonly CodeFile[], packages: ReadonlyMap<string, string>) {
    this.#packages = packages;
    for (const file of code) {
      this.#byStem.set(stemOf(file.path), file);
      this.#given.set(file, givenOut(file));
    }
  }

  /** Where a name comes from that a file takes from another of the project. */
  of(from: string, { module, name }: Origin, step = 0): Origin | undefined {
    if (step > STEPS_MAX) return undefined;
    for (const file of this.#filesOf(from, module)) {
      const given = this.#given.get(file);
      const direct = given?.get(name);
      if (direct !== undefined) return this.of(file.path, direct, step + 1) ?? direct;
      for (const [key, whole] of given ?? []) {
        if (!key.startsWith('* ')) continue;
        const through = { module: whole.module, name };
        if (!/^[.#~]|^@\//.test(whole.module)) return through;
        const found = this.of(file.path, through, step + 1);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #filesOf(from: string, module: string): readonly CodeFile[] {
    const folder = this.#packages.get(module);
    if (folder !== undefined) {
      return [...this.#given.keys()].filter(({ path }) => path.startsWith(`${folder}/`));
    }
    if (!module.startsWith('.')) return [];
    const parts = from.split('/').slice(0, -1);
    for (const part of module.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.') parts.push(part);
    }
    const stem = stemOf(parts.join('/'));
    const file = this.#byStem.get(stem) ?? this.#byStem.get(`${stem}/index`);
    return file === undefined ? [] : [file];
  }
}

const STEPS_MAX = 4;

function stemOf(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, '');
}

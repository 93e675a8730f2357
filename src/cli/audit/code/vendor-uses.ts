import { MODEL_SELLERS, VENDORS, type Vendor } from '../data/vendors.ts';
import type { Place, Project } from '../project.ts';
import { jsonOf, lineOf, recordOf } from '../project.ts';
import { agentLines } from './agent-lines.ts';
import { modelsOf } from './spending.ts';

/** One vendor's thing that a project uses, and where that shows first. */
export interface VendorUse {
  readonly vendor: Vendor;
  readonly place: Place;
}

/** A package that looks like one for models, and of which nothing is known. */
export interface UnknownUse {
  readonly name: string;
  readonly place: Place;
  /** Only the developers of the project need it. */
  readonly isForDevelopment: boolean;
}

/** Everything of the map that a project uses. */
export interface VendorUses {
  readonly uses: readonly VendorUse[];
  readonly strangers: readonly UnknownUse[];
  /** Sellers of the models that are asked, with where. */
  readonly sellers: ReadonlyMap<string, Place>;
}

/** Names of packages that have to do with models. */
const MODEL_LIKE =
  /(^|[-_/@])(ai|llm|llms|gpt|claude|gemini|openai|anthropic|genai|agents?)([-_/]|$)/;

/** Packages with such a name that are hardcap's own, or types. */
const OURS = /^(hardcap|eslint-plugin-hardcap|@types\/.*)$/;

const BEGINS = [
  '^',
  '[;&|]\\s*',
  '\\bnpx\\s+(?:-y\\s+)?',
  '\\brun:\\s*',
  '\\bRUN\\s+',
  '\\bCMD\\s+\\[?\\s*"?',
  '\\bFROM\\s+(?:\\S+/)?',
].join('|');
const COMMAND = new RegExp(`(?:${BEGINS})([\\w@/-]+)`, 'g');

/** Collects what a project depends on, each thing once, at the first place where it shows. */
export function vendorUses(project: Project): VendorUses {
  const found = new Map<string, VendorUse>();
  const strangers: UnknownUse[] = [];
  const note = (vendor: Vendor | undefined, place: Place): void => {
    if (vendor !== undefined && !found.has(vendor.name)) found.set(vendor.name, { vendor, place });
  };
  const own = new Set(project.packages.map(({ manifest }) => ownName(manifest?.text)));
  for (const { manifest, dependencies, development, scripts } of project.packages) {
    if (manifest === undefined) continue;
    const at = (text: string): Place => ({ file: manifest.path, line: lineOf(manifest, text) });
    for (const [name, command] of Object.entries(scripts)) {
      for (const [, word = ''] of command.matchAll(COMMAND)) note(ofCommand(word), at(`"${name}"`));
    }
    for (const [alias, version] of Object.entries(dependencies)) {
      if (own.has(alias)) continue;
      // `npm:openai@7.57.0` is that package, whatever it is called here.
      const name = /^npm:(@?[^@]+)@/.exec(version)?.[1] ?? alias;
      const vendor = ofPackage(name);
      const place = at(`"${alias}"`);
      note(vendor, place);
      if (vendor !== undefined || !MODEL_LIKE.test(name) || OURS.test(name)) continue;
      strangers.push({ name, place, isForDevelopment: development.has(alias) });
    }
  }
  for (const { tool, place } of agentLines(project)) note(ofCommand(tool), place);
  for (const { path, text } of project.files) {
    if (!/(^|\/)(requirements[^/]*\.txt|pyproject\.toml|Pipfile|Dockerfile[^/]*)$/.test(path))
      continue;
    for (const [index, line] of text.split('\n').entries()) {
      if (/^\s*#/.test(line)) continue;
      const place = { file: path, line: index + 1 };
      const [, name = ''] = /^\s*["']?([A-Za-z][\w.-]*)\s*(?:[[<>=~!;,"']|$)/.exec(line) ?? [];
      if (!path.includes('Dockerfile')) note(ofPackage(name), place);
      else for (const [, word = ''] of line.matchAll(COMMAND)) note(ofCommand(word), place);
    }
  }
  for (const lock of project.files.filter(({ path }) =>
    /(^|\/)(bun\.lockb?|uv\.lock)$/.test(path),
  )) {
    note(ofCommand(lock.path.includes('bun') ? 'bun' : 'uv'), { file: lock.path, line: 1 });
  }
  return { uses: [...found.values()], strangers, sellers: sellersOf(project) };
}

/** The name of a package of the project itself. */
function ownName(manifest: string | undefined): string | undefined {
  const { name } = recordOf(manifest === undefined ? undefined : jsonOf(manifest));
  return typeof name === 'string' ? name : undefined;
}

function ofPackage(name: string): Vendor | undefined {
  const exact = VENDORS.find(({ packages }) => packages.includes(name));
  return (
    exact ??
    VENDORS.find(({ packages }) =>
      packages.some((one) => one.endsWith('*') && name.startsWith(one.slice(0, -1))),
    )
  );
}

function ofCommand(word: string): Vendor | undefined {
  return VENDORS.find(({ commands }) => commands.includes(word));
}

/** Who is paid for the models that the code asks. */
function sellersOf(project: Project): ReadonlyMap<string, Place> {
  const sellers = new Map<string, Place>();
  const note = (owner: string | undefined, place: Place): void => {
    if (owner !== undefined && !sellers.has(owner)) sellers.set(owner, place);
  };
  for (const file of project.code) {
    for (const { model, at } of modelsOf(file)) {
      const name = model.replace(/^\w+\//, '');
      const owner = MODEL_SELLERS.find((one) => one.name.test(name))?.owner;
      note(owner, { file: file.path, line: file.source.line(at) });
    }
  }
  return sellers;
}

import { readFileSync, writeFileSync } from 'node:fs';
import {
  waitForUpdate,
  findProvider,
  type MatchLogic,
  type Provider,
} from '@pydantic/genai-prices';

/** A JSON object of a source; nothing about it is trusted. */
export type Row = Readonly<Record<string, unknown>>;
export type Table = Readonly<Record<string, Row>>;

/** The three price sources, reduced to the providers that are priced. */
export interface Sources {
  readonly genai: Readonly<Record<string, Provider>>;
  readonly litellm: Readonly<Record<string, Table>>;
  readonly modelsDev: Readonly<Record<string, Table>>;
  readonly manifest: Manifest;
}

/** Versions and dates of the sources; `sources/manifest.json`. */
export interface Manifest {
  readonly genai: { readonly version: string; readonly date: string };
  readonly litellm: { readonly date: string };
  readonly modelsDev: { readonly date: string };
}

/** The providers whose models are priced. */
export const PROVIDERS = ['anthropic', 'openai'] as const;

const FOLDER = new URL('sources/', import.meta.url);
const LITELLM_PROVIDERS: Readonly<Record<string, string>> = {
  anthropic: 'anthropic',
  openai: 'openai',
  'text-completion-openai': 'openai',
};
const LITELLM_FIELDS =
  /^(?:mode|max_(?:in|out)put_tokens|.*cost_per_(?:audio_|image_)?token.*|cache_.*_cost.*|provider_specific_entry|regional_.*|search_context_cost_per_query|code_interpreter_cost_per_session)$/;

/** Replaces a checked-in source by what is needed of a newer full copy. */
export function reduceSource(name: 'litellm' | 'models-dev', path: string): void {
  const full = readTable(path);
  const reduced = name === 'litellm' ? reduceLitellm(full) : reduceModelsDev(full);
  const lines = Object.entries(reduced).map(([provider, rows]) => {
    const models = Object.keys(rows).sort();
    const body = models.map(
      (model) => `  ${JSON.stringify(model)}: ${JSON.stringify(rows[model])}`,
    );
    return `${JSON.stringify(provider)}: {\n${body.join(',\n')}\n}`;
  });
  writeFileSync(new URL(`${name}.json`, FOLDER), `{${lines.join(',\n')}}\n`);
}

/** Reads the installed `@pydantic/genai-prices` and the checked-in copies of the other two. */
export async function readSources(): Promise<Sources> {
  await waitForUpdate();
  const genai: Record<string, Provider> = {};
  for (const id of PROVIDERS) {
    const provider = findProvider({ providerId: id });
    if (provider === undefined) throw new Error(`@pydantic/genai-prices has no provider ${id}`);
    genai[id] = provider;
  }
  return {
    genai,
    litellm: readFolder('litellm.json') as Record<string, Table>,
    modelsDev: readFolder('models-dev.json') as Record<string, Table>,
    manifest: readFolder('manifest.json') as unknown as Manifest,
  };
}

/** Whether a model id is what a genai-prices rule means; its `starts_with` rules are not exact. */
export function matches(rule: MatchLogic, id: string, exactOnly: boolean): boolean {
  if ('or' in rule) return rule.or.some((one) => matches(one, id, exactOnly));
  if ('and' in rule) return rule.and.every((one) => matches(one, id, exactOnly));
  if ('equals' in rule) return rule.equals === id;
  if (exactOnly) return false;
  if ('starts_with' in rule) return id.startsWith(rule.starts_with);
  if ('ends_with' in rule) return id.endsWith(rule.ends_with);
  if ('contains' in rule) return id.includes(rule.contains);
  return new RegExp(rule.regex).test(id);
}

/** Every id that a rule names in full. */
export function exactIds(rule: MatchLogic): readonly string[] {
  if ('or' in rule) return rule.or.flatMap(exactIds);
  return 'equals' in rule ? [rule.equals] : [];
}

/** A number of a row, or `undefined`. */
export function numberOf(row: Row | undefined, field: string): number | undefined {
  const value = row?.[field];
  return typeof value === 'number' ? value : undefined;
}

/** An object inside a row; empty when there is none. */
export function rowOf(row: Row | undefined, field: string): Row {
  const value = row?.[field];
  return typeof value === 'object' && value !== null ? (value as Row) : {};
}

function reduceLitellm(full: Row): Record<string, Record<string, Row>> {
  const reduced: Record<string, Record<string, Row>> = { anthropic: {}, openai: {} };
  for (const [model, value] of Object.entries(full)) {
    const row = value as Row;
    const provider = LITELLM_PROVIDERS[String(row['litellm_provider'])];
    if (provider === undefined || model.includes('/')) continue;
    const kept = Object.entries(row).filter(([field]) => LITELLM_FIELDS.test(field));
    (reduced[provider] ??= {})[model] = Object.fromEntries(kept);
  }
  return reduced;
}

function reduceModelsDev(full: Row): Record<string, Record<string, Row>> {
  const reduced: Record<string, Record<string, Row>> = {};
  for (const provider of PROVIDERS) {
    for (const [model, value] of Object.entries(rowOf(full, provider))) {
      const { cost, limit } = value as Row;
      (reduced[provider] ??= {})[model] = { cost, limit };
    }
  }
  return reduced;
}

function readFolder(name: string): Row {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Row;
}

function readTable(path: string): Row {
  return JSON.parse(readFileSync(path, 'utf8')) as Row;
}

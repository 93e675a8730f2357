import type { CodeFile } from '../read/code-file.ts';
import type { Call, Span } from '../read/source.ts';
import { objectOf, propertyOf, valueOf, type Value } from '../read/value.ts';
import { AI_SDK_CALLS, AI_SDK_PACKAGES, CLIENT_PACKAGES } from './clients.ts';

/** A call that is billed. */
export interface SpendingCall {
  readonly call: Call;
  readonly provider: 'anthropic' | 'openai' | undefined;
  /** How its body names the output ceiling, the one to write first; none: no output is billed. */
  readonly ceilings: readonly string[];
  readonly body: Span | undefined;
}

interface Pattern {
  readonly path: RegExp;
  readonly provider: 'anthropic' | 'openai';
  readonly ceilings: readonly string[];
}

/** Methods of the SDKs that send billed requests (their own API references). */
const PATTERNS: readonly Pattern[] = [
  {
    path: /(^|(?<!threads)\.)messages\.(create|stream|parse|toolRunner)$/,
    provider: 'anthropic',
    ceilings: ['max_tokens'],
  },
  {
    path: /(^|\.)chat\.completions\.(create|parse|stream|runTools)$/,
    provider: 'openai',
    ceilings: ['max_completion_tokens', 'max_tokens'],
  },
  {
    path: /(^|\.)responses\.(create|parse|stream)$/,
    provider: 'openai',
    ceilings: ['max_output_tokens'],
  },
  { path: /(^|\.)completions\.(create)$/, provider: 'openai', ceilings: ['max_tokens'] },
  {
    path: /(^|\.)(embeddings\.create|images\.(generate|edit|createVariation)|audio\.\w+\.create)$/,
    provider: 'openai',
    ceilings: [],
  },
];

/** Modules of which a file that calls models takes something. */
const MODEL_MODULES = new RegExp(
  '^(hardcap(/.*)?|openai|ai|groq-sdk|cohere-ai|@google/(genai|generative-ai)' +
    '|@(ai-sdk|anthropic-ai|langchain|mistralai)/.*)$',
);

const found = new WeakMap<CodeFile, readonly SpendingCall[]>();

/** Modules that a client can come from: those, files of the project, and packages of its own. */
const CLIENT_MODULES = new RegExp(`${MODEL_MODULES.source}|^[.#~]|^@`);

/** Every billed call of a file that can be told by how it is written. */
export function spendingCalls(file: CodeFile): readonly SpendingCall[] {
  const known = found.get(file);
  if (known !== undefined) return known;
  const calls = file.calls.flatMap((call) => sdkCall(file, call) ?? aiSdkCall(file, call) ?? []);
  found.set(file, calls);
  return calls;
}

/** The field of a call's body; `UNKNOWN` where the body is computed. */
export function bodyField(
  file: CodeFile,
  { body }: SpendingCall,
  name: string,
): { readonly span: Span; readonly value: Value } | undefined {
  const object = body === undefined ? undefined : objectOf(file, body);
  const span = object === undefined ? undefined : propertyOf(file.source, object, name);
  if (span === undefined || span === 'spread') return undefined;
  return { span, value: valueOf(file, span) };
}

function sdkCall(file: CodeFile, call: Call): SpendingCall | undefined {
  const pattern = call.isNew ? undefined : PATTERNS.find(({ path }) => path.test(call.path));
  const [body] = call.args;
  if (pattern === undefined || body === undefined) return undefined;
  const object = objectOf(file, body);
  // Other products have a `messages.create` too; a body without a model is theirs.
  const isModel =
    object === undefined
      ? file.takesFrom(MODEL_MODULES)
      : propertyOf(file.source, object, 'model') !== undefined && file.takesFrom(CLIENT_MODULES);
  return isModel
    ? { call, provider: pattern.provider, ceilings: pattern.ceilings, body }
    : undefined;
}

function aiSdkCall(file: CodeFile, call: Call): SpendingCall | undefined {
  const imported = call.isNew ? undefined : file.importedName(call);
  if (imported?.module !== 'ai') return undefined;
  const isBounded = (AI_SDK_CALLS.bounded as readonly string[]).includes(imported.name);
  const isOther = (AI_SDK_CALLS.other as readonly string[]).includes(imported.name);
  if (!isBounded && !isOther) return undefined;
  const ceilings = isBounded ? ['maxOutputTokens', 'maxTokens'] : [];
  return { call, provider: undefined, ceilings, body: call.args[0] };
}

/** A model that a file names, and whose. */
export interface NamedModel {
  readonly model: string;
  readonly provider: string | undefined;
  readonly at: number;
}

/** The models that a file asks for by name. */
export function modelsOf(file: CodeFile): readonly NamedModel[] {
  return [
    ...spendingCalls(file).flatMap((spending) => {
      const field = bodyField(file, spending, 'model');
      if (typeof field?.value !== 'string' || field.value === '') return [];
      const { provider } = spending;
      return [{ model: field.value, provider: provider ?? undefined, at: field.span.from }];
    }),
    ...file.calls.flatMap((call) => modelOfCall(file, call)),
  ];
}

/** `anthropic('claude-...')` of the AI SDK, `new ChatOpenAI({ model })` of LangChain. */
function modelOfCall(file: CodeFile, call: Call): NamedModel[] {
  const [first] = call.args;
  if (first === undefined) return [];
  const made = call.isNew ? clientOf(file, call) : undefined;
  if (made !== undefined) {
    const span = propertyOf(file.source, first, 'model');
    const value = span === undefined || span === 'spread' ? undefined : valueOf(file, span);
    if (typeof value !== 'string' || span === undefined || span === 'spread') return [];
    return [{ model: value, provider: providerOfPackage(made.package), at: span.from }];
  }
  const provider = aiProvider(file, call);
  const model = provider === undefined ? undefined : valueOf(file, first);
  return typeof model === 'string' ? [{ model, provider, at: first.from }] : [];
}

/** The provider of `anthropic(...)`, ready-made or made by a function of the AI SDK. */
function aiProvider(file: CodeFile, call: Call): string | undefined {
  const [head = ''] = call.path.split('.');
  const imported = file.importOf(call);
  const readyMade = AI_SDK_PACKAGES.find(
    (one) => one.package === imported?.module && one.readyMade === imported.name,
  );
  if (readyMade !== undefined) return providerOfPackage(readyMade.package);
  const binding = file.names.bindings.find(({ name }) => name === head);
  if (binding === undefined) return undefined;
  const maker = file.calls.find(({ from }) => from === binding.value.from);
  const name = maker === undefined ? undefined : file.importedName(maker);
  const made = AI_SDK_PACKAGES.find(
    (one) => one.package === name?.module && one.make === name.name,
  );
  return made === undefined ? undefined : providerOfPackage(made.package);
}

/** Which package's client `new` makes here, also by a class of the file that extends it. */
export function clientOf(file: CodeFile, call: Call): (typeof CLIENT_PACKAGES)[number] | undefined {
  if (!call.isNew) return undefined;
  const imported = file.importedName(call) ?? baseOf(file, call.path);
  if (imported === undefined) return undefined;
  return CLIENT_PACKAGES.find(
    (one) =>
      one.package === imported.module &&
      (imported.name === 'default' || one.classes.includes(imported.name)),
  );
}

function baseOf(
  file: CodeFile,
  name: string,
): { readonly module: string; readonly name: string } | undefined {
  const { source, names } = file;
  const at = source.tokens.findIndex(
    ({ text }, index) => text === 'class' && source.at(index + 1) === name,
  );
  if (at < 0 || source.at(at + 2) !== 'extends') return undefined;
  const base = names.imports.find(({ local }) => local === source.at(at + 3));
  const member = source.at(at + 4) === '.' ? source.at(at + 5) : undefined;
  return base === undefined ? undefined : { module: base.module, name: member ?? base.name };
}

/** The provider that a client package talks to, as price cards name it. */
export function providerOfPackage(name: string): string | undefined {
  if (name.includes('anthropic')) return 'anthropic';
  if (name.includes('openai')) return 'openai';
  return name.includes('google') ? 'google' : undefined;
}

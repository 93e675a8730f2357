import type { TextFile } from '../read/walk.ts';
import { fullName, keyword, readPython, type PythonCall, type PythonFile } from '../read/python.ts';
import { hostOf, providerHost } from './clients.ts';
import type { Address } from './unguarded.ts';

/** A way out in a language that no wrapper of hardcap runs in. */
export interface ForeignEscape {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly language: string;
  readonly address: Address | undefined;
}

/** Clients in Python, by their full names, and where they are told to send. */
const PYTHON_CLIENTS: readonly { readonly name: RegExp; readonly what: string }[] = [
  { name: /^openai\.(Async)?(Azure)?OpenAI$/, what: 'an OpenAI client' },
  { name: /^openai\.(\w+\.)+create$/, what: 'a call by the OpenAI module' },
  { name: /^anthropic\.(Async)?Anthropic(Bedrock|Vertex)?$/, what: 'an Anthropic client' },
  {
    name: /^litellm\.a?(completion|responses|embedding|text_completion)$/,
    what: 'a call by LiteLLM',
  },
  { name: /^langchain_(openai|anthropic|google_genai)\.\w+$/, what: 'a LangChain model' },
  {
    name: /^langchain(_community)?\.(chat_models|llms|embeddings)\.(\w+\.)*\w+$/,
    what: 'a LangChain model',
  },
  { name: /^llama_index\.llms\.(\w+\.)*\w+$/, what: 'a LlamaIndex model' },
  { name: /^(pydantic_ai\.Agent|crewai\.(Agent|LLM)|dspy\.LM)$/, what: 'an agent' },
  { name: /^google\.(genai\.Client|generativeai\.GenerativeModel)$/, what: 'a Gemini client' },
  { name: /^(mistralai\.Mistral|cohere\.Client(V2)?|groq\.(Async)?Groq)$/, what: 'a client' },
];

/** Names of the argument that says where a client sends to. */
const ADDRESSES = [
  'base_url',
  'api_base',
  'openai_api_base',
  'anthropic_api_url',
  'azure_endpoint',
];

const PYTHON_SENDERS = /^(requests|httpx|aiohttp|urllib\.request)\.(\w+\.)*\w+$/;

/** Clients and requests in Python. */
export function pythonEscapes({ path, text }: TextFile): readonly ForeignEscape[] {
  const file = readPython(path.endsWith('.ipynb') ? cellsOf(text) : text);
  return file.calls.flatMap((call) => {
    const name = fullName(file, call.path);
    const names = [name, ...file.whole.map((module) => `${module}.${name}`)];
    const known = PYTHON_CLIENTS.find((one) => names.some((each) => one.name.test(each)));
    const found = known?.what ?? bedrock(name, call) ?? requestIn(name, call, file);
    if (found === undefined) return [];
    const address = known === undefined ? undefined : addressOf(file, call);
    return [{ file: path, line: call.line, what: found, language: 'Python', address }];
  });
}

function bedrock(name: string, { args }: PythonCall): string | undefined {
  return /^boto3(\.\w+)*\.client$/.test(name) && /bedrock-runtime/.test(args)
    ? 'a Bedrock client'
    : undefined;
}

function requestIn(name: string, { args }: PythonCall, file: PythonFile): string | undefined {
  if (!PYTHON_SENDERS.test(name)) return undefined;
  const [first = ''] = args.trim().split(/[,\s]/);
  const text = /["']([^"']+)["']/.exec(args)?.[1] ?? '';
  const written = /^\w+$/.test(first) ? (file.values.get(first) ?? '') : text;
  const host = providerHost(written.replace(/^[a-z]*["']|["']$/gi, ''))?.host;
  return host === undefined ? undefined : `a request to ${host}`;
}

function addressOf(file: PythonFile, call: PythonCall): Address | undefined {
  const written = ADDRESSES.map((name) => keyword(call, name)).find((one) => one !== undefined);
  if (written === undefined) return undefined;
  const value = file.values.get(written) ?? written;
  const environment = /environ(?:\.get\(|\[)\s*["'](\w+)["']|getenv\(\s*["'](\w+)["']/.exec(value);
  const name = environment?.[1] ?? environment?.[2];
  if (name !== undefined) return { kind: 'environment', name };
  const text = /^[fr]*["']([^"']+)["']/i.exec(value)?.[1];
  return text === undefined ? { kind: 'unknown' } : { kind: 'host', host: hostOf(text) };
}

/** The code cells of a notebook, each line on the line of the file that holds it. */
function cellsOf(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const found = /^\s*("(?:[^"\\]|\\.)*"),?\s*$/.exec(line)?.[1];
      if (found === undefined) return '';
      try {
        return String(JSON.parse(found)).replace(/\n$/, '');
      } catch {
        // Not a line of a cell.
        return '';
      }
    })
    .join('\n');
}

interface Language {
  readonly name: string;
  readonly files: RegExp;
  readonly remark: RegExp;
  readonly imports: RegExp;
}

/** Languages that are searched line by line, for official SDKs and hosts of providers. */
const LANGUAGES: readonly Language[] = [
  {
    name: 'Go',
    files: /\.go$/,
    remark: /^\s*\/\//,
    imports:
      /github\.com\/(openai\/openai-go|anthropics\/anthropic-sdk-go|sashabaranov\/go-openai)/,
  },
  { name: 'Ruby', files: /\.rb$/, remark: /^\s*#/, imports: /require ["'](openai|anthropic)["']/ },
  {
    name: 'Java or Kotlin',
    files: /\.(java|kt)$/,
    remark: /^\s*(\/\/|\*)/,
    imports: /import com\.(openai|anthropic)\./,
  },
  { name: 'C#', files: /\.cs$/, remark: /^\s*\/\//, imports: /^\s*using (OpenAI|Anthropic)[.;]/ },
  {
    name: 'PHP',
    files: /\.php$/,
    remark: /^\s*(\/\/|#|\*)/,
    imports: /\buse (OpenAI|Anthropic)\\/,
  },
  { name: 'Rust', files: /\.rs$/, remark: /^\s*\/\//, imports: /\buse (async_openai|anthropic)\b/ },
  { name: 'shell', files: /\.sh$/, remark: /^\s*#/, imports: /(?!)/ },
];

/** Lines of other languages that name a provider's host or import its SDK. */
export function lineEscapes({ path, text }: TextFile): readonly ForeignEscape[] {
  const language = LANGUAGES.find(({ files }) => files.test(path));
  if (language === undefined) return [];
  return text.split('\n').flatMap((line, index) => {
    if (language.remark.test(line)) return [];
    const [address = ''] = /https?:\/\/[\w.-]+/.exec(line) ?? [];
    const host = providerHost(address)?.host;
    const isImport = language.imports.test(line);
    if (host === undefined && !isImport) return [];
    const what = host === undefined ? 'a client of a provider' : `a request to ${host}`;
    const { name } = language;
    return [{ file: path, line: index + 1, what, language: name, address: undefined }];
  });
}

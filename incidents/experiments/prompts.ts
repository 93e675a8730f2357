import { Seeded } from '../replay/seeded.ts';

/** A JSON schema, as tools carry it. */
type Schema = Readonly<Record<string, unknown>>;

/** One adversarial request. */
export interface AdversarialPrompt {
  readonly kind: PromptKind;
  readonly text: string;
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly schema: Schema;
  }[];
}

/** The seven classes. */
export const PROMPT_KINDS = [
  'prose',
  'code',
  'JSON',
  'nested tool schemas',
  'dense Unicode',
  'base64 and hex',
  'CJK',
] as const;

/** One of them. */
export type PromptKind = (typeof PROMPT_KINDS)[number];

const CHARS_MIN = 1_500;
const CHARS_MORE = 2_500;

/** A prompt of the class, from its seed. */
export function promptOf(kind: PromptKind, index: number, seed: number): AdversarialPrompt {
  const seeded = new Seeded(seed, `prompt ${kind} ${index}`);
  const chars = CHARS_MIN + seeded.below(CHARS_MORE);
  const plain = (piece: () => string) => ({ kind, text: filled(chars, piece), tools: [] });
  switch (kind) {
    case 'prose':
      return plain(() => sentence(seeded));
    case 'code':
      return plain(() => codeLine(seeded));
    case 'JSON':
      return plain(() => `${JSON.stringify(record(seeded, 3))}\n`);
    case 'nested tool schemas':
      return { kind, text: sentence(seeded), tools: tools(seeded, () => sentence(seeded)) };
    case 'dense Unicode':
      return { kind, text: dense(seeded, 400), tools: tools(seeded, () => dense(seeded, 40)) };
    case 'base64 and hex':
      return plain(() => bytes(seeded, index % 2 === 0 ? 'base64' : 'hex'));
    case 'CJK':
      return plain(() => eastAsian(seeded));
    default:
      return kind satisfies never;
  }
}

function filled(chars: number, piece: () => string): string {
  let text = '';
  while (text.length < chars) text += piece();
  return text;
}

const WORDS = (
  'the of and to a in that it was for on with as his they at be this from have or by one had not but what all were when ' +
  'we there can an your which their said if do will each about how up out them then she many some so these would other ' +
  'into has more her two like him see time could no make than first been its who now people my made over did down only ' +
  'way find use may water long little very after words called just where most know get through back much before also ' +
  'around another came come work three word must because does part even place well such here take why things help put ' +
  'years different away again off went old number great tell men say small every found still between name should home'
).split(' ');

function sentence(seeded: Seeded): string {
  const words = Array.from({ length: 6 + seeded.below(14) }, () => pick(seeded, WORDS));
  const [first = '', ...others] = words;
  return `${first.charAt(0).toUpperCase()}${[first.slice(1), ...others].join(' ')}. `;
}

function codeLine(seeded: Seeded): string {
  const name = () => `${pick(seeded, WORDS)}${capital(pick(seeded, WORDS))}${seeded.below(100)}`;
  const forms = [
    () => `export function ${name()}(${name()}: ReadonlyMap<string, number[]>): void {\n`,
    () =>
      `    if (!(${name()}?.[${seeded.below(9)}] !== undefined && ${name()} >>> 3 === 0x${seeded.below(65_536).toString(16)})) return;\n`,
    () =>
      `\tconst ${name()} = await ${name()}.${name()}(\`\${${name()}}/\${i++}\`, { ...${name()} });\n`,
    () => `        } else { throw new RangeError('${pick(seeded, WORDS)}: ' + ${name()}); }\n`,
    () =>
      `for (let i = 0; i < ${name()}.length; i += ${seeded.below(64)}) ${name()}[i] ^= ~${name()}[i - 1]!;\n`,
    () => `# ${'='.repeat(seeded.below(60))}\n}}}}\n\n\n`,
  ];
  return pick(seeded, forms)();
}

function record(seeded: Seeded, depth: number): unknown {
  const leaf = () =>
    pick<unknown>(seeded, [
      seeded.next() * 1e6,
      -seeded.below(1_000_000),
      seeded.next() > 0.5,
      null,
      `${pick(seeded, WORDS)}-"${pick(seeded, WORDS)}"\\n`,
      hex(seeded, 16),
    ]);
  if (depth === 0) return leaf();
  const entries = Array.from({ length: 2 + seeded.below(3) }, (): [string, unknown] => [
    `${pick(seeded, WORDS)}_${seeded.below(1_000)}`,
    seeded.below(3) === 0 ? [leaf(), leaf(), leaf()] : record(seeded, depth - 1),
  ]);
  return Object.fromEntries(entries);
}

function tools(seeded: Seeded, describe: () => string): AdversarialPrompt['tools'] {
  return Array.from({ length: 2 }, (_, index) => ({
    name: `${pick(seeded, WORDS)}_${index}`,
    description: describe(),
    schema: nested(seeded, 4, describe),
  }));
}

function nested(seeded: Seeded, depth: number, describe: () => string): Schema {
  if (depth === 0) {
    return { type: pick(seeded, ['string', 'number', 'boolean']), description: describe() };
  }
  const names = Array.from({ length: 2 }, (_, index) => `${pick(seeded, WORDS)}_${index}`);
  const properties = Object.fromEntries(
    names.map((name, index) => {
      const schema = nested(seeded, index === 0 ? depth - 1 : 0, describe);
      return [name, index === 0 ? { type: 'array', items: schema, minItems: 1 } : schema];
    }),
  );
  return { type: 'object', properties, required: names, additionalProperties: false };
}

/** Ranges of code points that take many tokens a character, ligatures that normalise to many. */
const DENSE: readonly (readonly [number, number])[] = [
  [0x1f300, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x1d400, 0x1d7cb],
  [0x300, 0x36f],
  [0x2190, 0x22ff],
  [0x2500, 0x257f],
  [0xfb50, 0xfbb1],
  [0xfdf0, 0xfdfb],
  [0x16a0, 0x16ea],
  [0x1200, 0x1248],
  [0x900, 0x939],
  [0x5d0, 0x5ea],
];

function dense(seeded: Seeded, characters: number): string {
  const one = () => {
    const [from, to] = pick(seeded, DENSE);
    const joined = seeded.below(6) === 0 ? '\u200d' : '';
    return String.fromCodePoint(from + seeded.below(to - from + 1)) + joined;
  };
  return Array.from({ length: characters }, one).join('');
}

function bytes(seeded: Seeded, encoding: 'base64' | 'hex'): string {
  return Buffer.from(Array.from({ length: 60 }, () => seeded.below(256))).toString(encoding);
}

const EAST_ASIAN: readonly (readonly [number, number])[] = [
  [0x4e00, 0x9fa5],
  [0x4e00, 0x62ff],
  [0x3041, 0x3093],
  [0x30a1, 0x30f6],
  [0xac00, 0xd7a3],
];

function eastAsian(seeded: Seeded): string {
  const [from, to] = pick(seeded, EAST_ASIAN);
  const one = () => String.fromCodePoint(from + seeded.below(to - from + 1));
  return `${Array.from({ length: 4 + seeded.below(12) }, one).join('')}${pick(seeded, ['。', '、', ' '])}`;
}

function hex(seeded: Seeded, length: number): string {
  return Array.from({ length }, () => seeded.below(16).toString(16)).join('');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function pick<T>(seeded: Seeded, from: readonly T[]): T {
  const found = from[seeded.below(from.length)];
  if (found === undefined) throw new RangeError('There is nothing to pick from');
  return found;
}

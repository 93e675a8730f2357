import { choice, list, object, record, text, whole, type Field } from '../../policy/fields.ts';
import type { EmulatedRequest, Reply, ReplyFunction } from '../../emulator/emulator.ts';
import { DIMENSION_PATTERN } from '../../policy/scope-set.ts';
import { scopeText, valueOf, type CallScopes } from './call-scopes.ts';
import {
  describeDistribution,
  distributionField,
  draw,
  type Distribution,
} from './distribution.ts';
import { Random } from './random.ts';

/** How long the answers of some calls are: of those that have this model and all these scopes. */
export interface AnswerRule {
  readonly model: string | undefined;
  readonly scopes: Readonly<Record<string, string>>;
  readonly outputTokens: Distribution;
}

/** How long the emulated models answer: by the first rule that fits, else by the default. */
export interface Answers {
  readonly rules: readonly AnswerRule[];
  readonly otherwise: Distribution;
}

const file = object(
  {
    $schema: text({ charsMax: 2_000, what: 'an address' }),
    kind: choice(['hardcap-answers']),
    version: whole({ min: 1, max: 1 }),
    rules: list(
      object(
        {
          model: text({ what: 'a text of 1 to 256 characters' }),
          scopes: record(scopeText, { pattern: DIMENSION_PATTERN, what: 'a dimension' }),
          output_tokens: distributionField,
        },
        { required: ['output_tokens'] },
      ),
    ),
  },
  { required: ['kind', 'version', 'rules'] },
);

/** What its JSON Schema says, and how it is read. */
export const answersField: Field<readonly AnswerRule[]> = {
  schema: file.schema,
  read: (value, path) =>
    file.read(value, path).rules.map(({ model, scopes = {}, output_tokens: outputTokens }) => ({
      model,
      scopes,
      outputTokens,
    })),
};

/** The same for people, to stand with every figure that rests on it. */
export function describeAnswers({ rules, otherwise }: Answers): string {
  const own = rules.map(({ model, scopes, outputTokens }) => {
    const of = [...(model === undefined ? [] : [model]), ...Object.values(scopes)].join(' ');
    return `${of === '' ? 'all' : of}: ${describeDistribution(outputTokens)}`;
  });
  const rest = `${own.length === 0 ? '' : 'others: '}${describeDistribution(otherwise)}`;
  return `${[...own, rest].join('; ')} tokens, never above the ceiling`;
}

/**
 * Answers of these lengths. The same prompt gets the same length for the same seed, whatever else
 * is asked at the same time and of whichever model, so that two models are compared by the same
 * answers; asked again, it gets the next one.
 */
export function repliesOf(
  answers: Answers,
  {
    seed,
    scopesOf,
  }: { readonly seed: number; readonly scopesOf: (request: EmulatedRequest) => CallScopes },
): ReplyFunction {
  const asked = new Map<string, number>();
  return (request) => {
    if (WITHOUT_TEXT.has(request.api)) return {};
    const prompt = promptOf(request);
    const times = (asked.get(prompt) ?? 0) + 1;
    asked.set(prompt, times);
    const random = new Random(seed, `${times} ${prompt}`);
    const tokens = Math.max(1, draw(lengthOf(answers, request, scopesOf(request)), random));
    return replyOf(request, tokens);
  };
}

/** What is asked, without of whom and how: the fields that hold text. */
function promptOf({ body, bodyText }: EmulatedRequest): string {
  const asked = ['system', 'instructions', 'messages', 'input', 'prompt'].map(
    (name) => body?.[name],
  );
  return asked.some((value) => value !== undefined) ? JSON.stringify(asked) : bodyText;
}

const WITHOUT_TEXT: ReadonlySet<string> = new Set(['embeddings', 'images']);

/** The output ceiling that a request asks for, in whichever field. */
export function ceilingIn(body: EmulatedRequest['body']): number | undefined {
  for (const field of ['max_output_tokens', 'max_completion_tokens', 'max_tokens']) {
    const value = body?.[field];
    if (typeof value === 'number') return value;
  }
  return undefined;
}

/** Structured output must parse: its text is left to the emulator and only its length is said. */
function replyOf({ body }: EmulatedRequest, tokens: number): Reply {
  const isStructured = ['response_format', 'output_config', 'output_format', 'text'].some(
    (field) => typeof body?.[field] === 'object' && body[field] !== null,
  );
  if (!isStructured) return { outputTokens: tokens };
  return { usage: { outputTokens: Math.min(tokens, ceilingIn(body) ?? tokens) } };
}

function lengthOf(
  { rules, otherwise }: Answers,
  { model }: EmulatedRequest,
  scopes: CallScopes,
): Distribution {
  const rule = rules.find(
    (each) =>
      (each.model === undefined || each.model === model) &&
      Object.entries(each.scopes).every(([name, value]) => valueOf(scopes, name) === value),
  );
  return rule?.outputTokens ?? otherwise;
}

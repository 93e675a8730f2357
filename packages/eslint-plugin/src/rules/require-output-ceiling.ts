import {
  AST_NODE_TYPES as Type,
  ESLintUtils,
  type TSESLint,
  type TSESTree,
} from '@typescript-eslint/utils';
import { boundedCall } from '../boundary/bounded-call.ts';
import { ceilingIn } from '../boundary/ceiling.ts';
import type { TypedFile } from '../boundary/refusable.ts';
import { bare, nameOf } from '../boundary/syntax.ts';
import { createRule } from '../rule.ts';

/** What can be set for the rule. */
export interface OutputCeilingOptions {
  /** The ceiling that the suggestion writes, in tokens. */
  readonly suggestedTokens?: number;
}

/** The ceiling that is suggested where the options name none. */
export const SUGGESTED_TOKENS = 1024;

type MessageId = 'addCeiling' | 'missing';

/** A call that does not say how long its answer may get. */
export const rule = createRule<[OutputCeilingOptions], MessageId>({
  name: 'require-output-ceiling',
  meta: {
    type: 'suggestion',
    hasSuggestions: true,
    docs: {
      description: 'Require an output ceiling in every call whose answer is billed by its length',
      recommended: 'warn',
      requiresTypeChecking: true,
    },
    messages: {
      missing:
        'This call does not say how long its answer may get, so all that the model can write is ' +
        'held for it. Name `{{name}}`.',
      addCeiling: 'Add `{{name}}: {{tokens}}`.',
    },
    schema: [
      {
        type: 'object',
        additionalProperties: false,
        properties: {
          suggestedTokens: {
            type: 'integer',
            minimum: 1,
            description: 'The ceiling that the suggestion writes, in tokens.',
          },
        },
      },
    ],
    defaultOptions: [{ suggestedTokens: SUGGESTED_TOKENS }],
  },
  create(context, [{ suggestedTokens = SUGGESTED_TOKENS }]) {
    const file: TypedFile = {
      code: context.sourceCode,
      services: ESLintUtils.getParserServices(context),
    };
    return {
      CallExpression(node) {
        const call = boundedCall(file, node);
        if (call === undefined || ceilingIn(file, call.body, call.names) !== 'missing') return;
        const [name] = call.names;
        const data = { name, tokens: suggestedTokens };
        const fix = ceilingFix(file.code, { ...call, text: `${name}: ${suggestedTokens}` });
        const suggest = fix === undefined ? [] : [{ messageId: 'addCeiling' as const, data, fix }];
        context.report({ node, messageId: 'missing', data, suggest });
      },
    };
  },
});

interface Addition {
  readonly body: TSESTree.Node;
  readonly names: readonly string[];
  readonly text: string;
}

/** Writes the ceiling at the end of a literal body, or over one that is nothing. */
function ceilingFix(
  code: Readonly<TSESLint.SourceCode>,
  { body, names, text }: Addition,
): TSESLint.ReportFixFunction | undefined {
  const literal = bare(body);
  if (literal.type !== Type.ObjectExpression) return undefined;
  const nothing = literal.properties.find(
    (one) => one.type === Type.Property && names.includes(nameOf(one) ?? ''),
  );
  if (nothing !== undefined) return (fixer) => fixer.replaceText(nothing, text);
  const last = literal.properties.at(-1);
  if (last === undefined) return (fixer) => fixer.replaceText(literal, `{ ${text} }`);
  const isBroken = literal.loc.start.line !== last.loc.start.line;
  const gap = isBroken ? `,\n${' '.repeat(last.loc.start.column)}` : ', ';
  const after = code.getTokenAfter(last);
  if (isBroken && after?.value === ',') {
    const line = `\n${' '.repeat(last.loc.start.column)}${text},`;
    return (fixer) => fixer.insertTextAfter(after, line);
  }
  return (fixer) => fixer.insertTextAfter(last, `${gap}${text}`);
}

import type { PriceBook } from '../../../pricing/price-book.ts';
import type { PriceCard } from '../../../pricing/price-card.ts';
import type { GuardMade } from '../code/guards.ts';
import { spendsIn } from '../code/refusal-loss.ts';
import {
  NO_MODELS,
  spends,
  type Evidence,
  type Finding,
  type Point,
  type Terms,
} from '../point.ts';
import type { CodeFile } from '../read/code-file.ts';
import { configPlace } from './caps.ts';
import { bookOf } from './prices.ts';

/** 10. What stands in for a model is cheaper, priced, and asked by the guard. */
export const FALLBACK: Point = {
  id: 'fallback',
  title: 'Fallbacks are cheaper and go through the guard',
  why:
    'A fallback is asked when money is short. One that is dearer, or that code of its ' +
    'own asks after ' +
    'any error, makes a shortage worse.',
  looksAt: [
    '`fallback` and `onShort`: the one is of no use without the other',
    'Whether each model in `fallback` has a price, and none is dearer than the one it ' +
      'stands in for',
    'Billed calls within a `catch`: a fallback that the guard knows nothing of',
  ],
  mend: "List cheaper models of the same provider under `fallback`, and `'fallback'` in `onShort`.",
  judge(project, terms) {
    if (!spends(project)) return NO_MODELS;
    const book = bookOf(project);
    const findings = [
      ...project.guards.flatMap((guard) => judged(guard, book, terms)),
      ...project.code.filter(({ isTest }) => !isTest).flatMap(ownFallbacks),
    ];
    const evidence = project.guards.flatMap(evidenceOf);
    if (findings.length + evidence.length === 0) {
      return {
        kind: 'not-applicable',
        reason: 'there is no fallback: a call that does not fit is refused',
      };
    }
    return { kind: 'judged', findings, evidence };
  },
};

function judged(guard: GuardMade, book: PriceBook, terms: Terms): Finding[] {
  const { config } = guard;
  if (config.kind !== 'settings') return [];
  const { fallback, onShort, caps } = config.settings;
  const models = Object.entries(fallback);
  const isTried =
    onShort.includes('fallback') || caps.some((cap) => cap.onShort.includes('fallback'));
  const place = configPlace(guard, /\bfallback["']?\s*:/);
  if (isTried && models.length === 0) {
    const what = '`onShort` says `fallback`, and no model is listed under `fallback`';
    return [
      { level: 'fail', place: configPlace(guard, 'onShort'), what, mend: 'list cheaper models' },
    ];
  }
  if (!isTried && models.length > 0) {
    const what = '`fallback` lists models, and no `onShort` says `fallback`: they are never asked';
    return [{ level: 'fail', place, what, mend: "add `'fallback'` to `onShort`" }];
  }
  return models.flatMap(([model, others]) =>
    others
      .flatMap((other) => compared({ model, other }, book, terms))
      .map((found) => ({
        level: 'fail' as const,
        place,
        ...found,
      })),
  );
}

function compared(
  { model, other }: { readonly model: string; readonly other: string },
  book: PriceBook,
  { now }: Terms,
): { readonly what: string; readonly mend: string }[] {
  const provider = ['anthropic', 'openai'].find((one) => book.find(one, model, now) !== undefined);
  if (provider === undefined) {
    const what = `there is no price for ${model}, so its fallback is never asked`;
    return [{ what, mend: 'correct the name, or set its price under `prices`' }];
  }
  const [card, instead] = [model, other].map((name) => book.find(provider, name, now));
  if (card === undefined || instead === undefined) {
    const what = `there is no price for ${provider} ${other}, so it never stands in for ${model}`;
    return [{ what, mend: 'list a model of the same provider that has a price' }];
  }
  if (!isDearer(instead, card)) return [];
  const what = `${other} is dearer than ${model}, so it never stands in for it`;
  return [{ what, mend: 'list a cheaper model' }];
}

function isDearer(one: PriceCard, other: PriceCard): boolean {
  const pairs = (['input', 'output'] as const).map((name) => [one.rates[name], other.rates[name]]);
  return pairs.some(([left, right]) => left !== undefined && right !== undefined && left > right);
}

/** A billed call in a `catch` around another. */
function ownFallbacks(file: CodeFile): Finding[] {
  const { source } = file;
  return source.tokens.flatMap(({ kind, text }, at): Finding[] => {
    if (kind !== 'name' || text !== 'try' || source.at(at + 1) !== '{') return [];
    const close = source.pair[at + 1] ?? -1;
    if (close < 0 || source.at(close + 1) !== 'catch') return [];
    if (!spendsIn(file, { from: at + 2, to: close })) return [];
    const open = source.at(close + 2) === '(' ? (source.pair[close + 2] ?? -1) + 1 : close + 2;
    const body = { from: open + 1, to: source.pair[open] ?? open };
    const again = file
      .callsIn(body)
      .find((call) => spendsIn(file, { from: call.from, to: call.to }));
    if (again === undefined) return [];
    const knows = source.tokens.slice(body.from, body.to).some(({ text: word }) => {
      return word === 'BudgetCapError' || word === 'affordable_output_tokens';
    });
    if (knows) return [];
    const place = { file: file.path, line: source.line(again.open) };
    const what = 'after any error, a refusal too, another billed call is made here';
    return [
      {
        level: 'warn',
        place,
        what,
        mend: "use `onShort: ['fallback']`, and throw refusals on first",
      },
    ];
  });
}

function evidenceOf(guard: GuardMade): Evidence[] {
  if (guard.config.kind !== 'settings') return [];
  return Object.entries(guard.config.settings.fallback).map(([model, others]) => ({
    place: configPlace(guard, model),
    what: `${model}: ${others.join(', ')}`,
  }));
}

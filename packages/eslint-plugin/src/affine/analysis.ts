import type { TSESLint } from '@typescript-eslint/utils';
import { Findings, type Finding } from './findings.ts';
import { walkThrough } from './functions.ts';
import { canReachBrand } from './reach.ts';
import { Subject } from './subject.ts';
import { TypeQuestions, servicesOf } from './type-questions.ts';

const known = new WeakMap<Readonly<TSESLint.SourceCode>, readonly Finding[]>();

/**
 * What all five rules have to say of a file. The first of them that runs pays for the analysis; a
 * file that no affine type can reach costs one look-up.
 */
export function analyse(
  context: Readonly<TSESLint.RuleContext<string, readonly unknown[]>>,
): readonly Finding[] {
  const { sourceCode } = context;
  const before = known.get(sourceCode);
  if (before !== undefined) return before;
  const services = servicesOf(context);
  const file = services.esTreeNodeToTSNodeMap.get(sourceCode.ast);
  const found = canReachBrand(services.program, file) ? findIn(sourceCode, services) : [];
  known.set(sourceCode, found);
  return found;
}

function findIn(
  sourceCode: Readonly<TSESLint.SourceCode>,
  services: ReturnType<typeof servicesOf>,
): readonly Finding[] {
  const findings = new Findings();
  const types = new TypeQuestions(services);
  walkThrough(new Subject(sourceCode, { types, findings }), sourceCode.ast);
  return findings.all;
}

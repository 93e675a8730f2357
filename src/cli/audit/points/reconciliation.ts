import { linesThat } from '../code/register-lines.ts';
import { NO_MODELS, spends, withoutGuard, type Evidence, type Point } from '../point.ts';
import { packageOf, type Project } from '../project.ts';
import { guardPlace } from './caps.ts';

/** 12. The books are compared with what the provider bills. */
export const RECONCILIATION: Point = {
  id: 'reconciliation',
  title: 'The books are compared with the bill',
  why:
    'A price that changed without a word, or a provider that reports less than it bills, ' +
    'is seen only ' +
    "by comparing the books with the provider's own reports.",
  looksAt: [
    'Use of `hardcap/reconcile`: `watchPrices(guard)` or `reconcile(...)` in the package ' +
      'that makes the guard',
    '`hardcap reconcile` in scripts, workflows and crontabs',
  ],
  mend: 'Call `watchPrices(guard)` where the guard is made, and run `hardcap reconcile` every day.',
  judge(project) {
    if (!spends(project)) return NO_MODELS;
    const none = withoutGuard(project, 'there are no books here to compare with the bill');
    if (none !== undefined) return none;
    const lines = linesThat(
      project.files,
      /(\.(json|ya?ml|sh)|Makefile|Justfile|crontab)$/,
      /\bhardcap reconcile\b/,
    );
    const inCode = usesIn(project);
    const evidence = [
      ...lines.map((place) => ({ place, what: '`hardcap reconcile` runs here' })),
      ...inCode,
    ];
    if (lines.length > 0) return { kind: 'judged', findings: [], evidence };
    const findings = project.guards
      .map(guardPlace)
      .filter((place) => {
        const home = packageOf(project, place.file).folder;
        return !inCode.some((one) => packageOf(project, one.place.file).folder === home);
      })
      .map((place) => ({
        level: 'fail' as const,
        place,
        what: "nothing compares this guard's books with what the provider bills",
        mend:
          'call `watchPrices(guard)` of `hardcap/reconcile`, or run `hardcap reconcile` ' +
          'every day',
      }));
    return { kind: 'judged', findings, evidence };
  },
};

function usesIn({ code }: Project): Evidence[] {
  return code
    .filter(({ isTest }) => !isTest)
    .flatMap((file) =>
      file.calls
        .filter((call) => file.importOf(call)?.module === 'hardcap/reconcile')
        .map((call) => ({
          place: { file: file.path, line: file.source.line(call.from) },
          what: `\`${call.path}\``,
        })),
    );
}

import { listenersIn, type Listeners } from '../code/listeners.ts';
import type { GuardMade } from '../code/guards.ts';
import { NO_MODELS, spends, withoutGuard, type Finding, type Point } from '../point.ts';
import { packageOf } from '../project.ts';
import { capPlace, configPlace, guardPlace } from './caps.ts';

/** 9. Somebody hears before the cap is reached. */
export const ALERTS: Point = {
  id: 'alerts',
  title: 'Somebody is told before the cap is reached',
  why:
    'A cap that is reached stops the business that it protects. A threshold that somebody hears ' +
    'leaves time to find the loop, or to raise the cap.',
  looksAt: [
    '`thresholds` of the configuration and of each cap: empty means nobody is told',
    "`guard.on('threshold', ...)` in the package that makes the guard",
    "`guard.on('overdrawn', ...)` and `guard.on('drift', ...)`: what a provider bills " +
      'beyond the bound, and faults of the ledger',
  ],
  mend: "Leave `thresholds` at its default, and page somebody from `guard.on('threshold', ...)`.",
  judge(project) {
    if (!spends(project)) return NO_MODELS;
    const none = withoutGuard(project, 'nobody is told of what is spent here');
    if (none !== undefined) return none;
    const all = listenersIn(project);
    return {
      kind: 'judged',
      findings: project.guards.flatMap((guard) => [
        ...silent(guard),
        ...unheard(
          guard,
          all.filter(({ file }) => {
            const [home, there] = [guardPlace(guard).file, file].map((path) =>
              packageOf(project, path),
            );
            return home?.folder === there?.folder;
          }),
        ),
      ]),
      evidence: all.map(({ file, line, events }) => ({
        place: { file, line },
        what: `hears ${events.join(', ')}`,
      })),
    };
  },
};

/** Caps that tell nobody anything. */
function silent(guard: GuardMade): Finding[] {
  const { config } = guard;
  if (config.kind !== 'settings') return [];
  const { caps } = config.settings;
  const quiet = caps.filter(({ thresholds }) => thresholds.length === 0);
  if (quiet.length === 0) return [];
  const mend = 'leave `thresholds` out (0.5, 0.8 and 0.95), or name fractions of the cap';
  if (quiet.length === caps.length) {
    const what = 'no cap has a threshold: the first that anybody hears is a refusal';
    return [{ level: 'fail', place: configPlace(guard, 'thresholds'), what, mend }];
  }
  return quiet.map((cap) => ({
    level: 'warn',
    place: capPlace(guard, cap),
    what: `the cap ${cap.id} has no threshold`,
    mend,
  }));
}

function unheard(guard: GuardMade, listeners: readonly Listeners[]): Finding[] {
  const place = guardPlace(guard);
  if (guard.made === undefined) {
    const what = 'hardcap/register tells nobody of thresholds while the process runs';
    return [
      {
        level: 'note',
        place,
        what,
        mend: "make the guard in code to hear `guard.on('threshold')`",
      },
    ];
  }
  const heard = new Set(listeners.flatMap(({ events }) => events));
  const found: Finding[] = [];
  if (!heard.has('threshold')) {
    const what = "nobody listens to this guard's thresholds";
    const mend = "page somebody from `guard.on('threshold', ...)`";
    found.push({ level: 'fail', place, what, mend });
  }
  const others = ['overdrawn', 'drift'].filter((event) => !heard.has(event));
  if (others.length > 0) {
    const what = `nobody listens to ${others.join(' and ')} of this guard`;
    const mend =
      'page somebody from ' + others.map((event) => `\`guard.on('${event}', ...)\``).join(' and ');
    found.push({ level: 'warn', place, what, mend });
  }
  return found;
}

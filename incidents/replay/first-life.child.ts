import { hardcap, hardcapWithStrategies, runScope } from '../policies/hardcap.ts';
import type { CallContext, Fetch, Stage } from '../policies/policy.ts';
import type { FirstLifeEvent, FirstLifeTask } from './first-life.ts';
import { playsOf } from './plan.ts';
import type { PlannedCall, Play } from './play.ts';
import { ATTEMPT_HEADER, CALL_HEADER, clientsOf, isFree, PLACE_HEADER } from './provider.ts';
import { send } from './wire.ts';

/** The process before the crash: makes its calls and stays, one of them in flight, until killed. */

const task = JSON.parse(process.argv[2] ?? '') as FirstLifeTask;
const plays = playsOf(task.incident);
const found = 'reason' in plays ? undefined : plays.find(({ variant }) => variant === task.variant);
if (found === undefined) throw new Error(`No play ${task.incident.id} ${task.variant}`);
const play: Play = found;
const policy = task.policy === 'hardcap' ? hardcap : hardcapWithStrategies;

let attempts = 0;
let current: PlannedCall | undefined;

const base: Fetch = (input, init) => {
  if (isFree(input)) return globalThis.fetch(input, init);
  const headers = new Headers(init?.headers);
  headers.set(ATTEMPT_HEADER, `first-${(attempts += 1)}`);
  return globalThis.fetch(input, { ...init, headers });
};

const stage: Stage = {
  play,
  clients: (fetch) => clientsOf(task, fetch),
  base,
  callOf: (): CallContext => {
    if (current === undefined) throw new Error('No call is being made');
    return { call: current, id: attempts, instance: 'root' };
  },
  now: () => play.startsAt + Date.now() - task.startedAt,
  life: 0,
  folder: task.folder,
};

const session = policy.open(stage);

async function make(call: PlannedCall, place: string): Promise<void> {
  current = call;
  const headers = { [CALL_HEADER]: '0', [PLACE_HEADER]: place };
  await session.within(runScope(play), () =>
    send(session.clients, call, { headers, signal: undefined, previousId: undefined }),
  );
}

/** In which a refusal has come, if one comes. */
const DECIDED_MS = 150;

function tell(event: FirstLifeEvent): void {
  process.stdout.write(`${event}\n`);
}

async function live(): Promise<void> {
  for (const [row, { calls }] of play.rows.entries()) {
    for (const [repetition, call] of calls.entries()) {
      if (call.afterRestart) continue;
      const made = make(call, `${row}.${repetition}`);
      if (call.isCutByCrash) {
        const refused = made.then(
          () => false,
          () => true,
        );
        const waited = new Promise<boolean>((resolve) => setTimeout(resolve, DECIDED_MS, false));
        tell((await Promise.race([refused, waited])) ? 'refused' : 'in flight');
        continue;
      }
      await made.then(
        () => tell('answered'),
        () => tell('refused'),
      );
    }
  }
  tell('ready');
}

// What is in flight keeps the process; where nothing is, something else must until it is killed.
setInterval(() => undefined, 60_000);
await live();

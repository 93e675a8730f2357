/** Receivers of grants in processes of their own. */

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import type { BudgetGuardConfig } from '../../src/index.ts';
import type { RedeemOptions } from '../../src/guard/grants/grants.ts';
import type { Place } from './grant-places.ts';

const CHILD = fileURLToPath(new URL('grants.child.ts', import.meta.url));

/** What a receiver is to do. */
export interface Receiving {
  readonly place: Place;
  readonly config: BudgetGuardConfig;
  /** Of the provider. */
  readonly url: string;
  readonly token: string;
  readonly accepting: RedeemOptions;
  /** How many times it redeems the token at once. */
  readonly redeemers: number;
  /** How many calls it makes, one after the other, at most up to a refusal. */
  readonly calls: number;
  readonly call: MessageCreateParamsNonStreaming;
  /** It kills itself when its redemption is held, before that is settled. */
  readonly diesRedeeming?: boolean;
}

/** What came of it. */
export interface Received {
  readonly redeemed: number;
  /** Codes of the redemptions that were refused. */
  readonly codes: readonly string[];
  readonly spentUsd: number;
  /** Of the last call that was held, in nano-dollars. */
  readonly bound: number;
  /** The scope that refused its last call, or the error's code. */
  readonly refusedBy?: string | undefined;
}

/** A receiver that has opened its ledger, and waits for its turn. */
export interface Receiver {
  readonly child: ChildProcess;
  /** Resolves to what it says at its end. */
  start(): Promise<Received>;
  /** Resolves when it has held money so many times. */
  held(times: number): Promise<void>;
  /** Kills it, as `kill -9` does, and resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a process; resolves when it is ready. */
export async function startReceiver(task: Receiving): Promise<Receiver> {
  const child = fork(CHILD, [JSON.stringify(task)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let holds = 0;
  child.on('message', ({ kind }: { readonly kind: string }) => {
    if (kind === 'held') holds += 1;
  });
  const said = (wanted: string, isThere: () => boolean = () => true) =>
    new Promise<Received>((resolve, reject) => {
      const hear = (message: Received & { readonly kind: string }): void => {
        if (message.kind === wanted && isThere()) resolve(message);
      };
      child.on('message', hear);
      void gone.then(() => reject(new Error(`it ended before "${wanted}":\n${errors}`)));
    });
  await said('ready');
  return {
    child,
    start: async () => {
      const done = said('done');
      child.send('go');
      return await done;
    },
    held: async (times) => {
      if (holds < times) await said('held', () => holds >= times);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

import { adjust } from './adjust/command.ts';
import { audit } from './audit/command.ts';
import { balance } from './balance/command.ts';
import { close } from './close/command.ts';
import type { Command } from './command.ts';
import { doubts } from './doubts/command.ts';
import { holds } from './holds/command.ts';
import { init } from './init/command.ts';
import { journal } from './journal/command.ts';
import { prices } from './prices/command.ts';
import { raise } from './raise/command.ts';
import { reconcile } from './reconcile/command.ts';
import { recover } from './recover/command.ts';
import { reopen } from './reopen/command.ts';
import { replay } from './replay/command.ts';
import { report } from './report/command.ts';
import { resolve } from './resolve/command.ts';
import { simulate } from './simulate/command.ts';
import { top } from './top/command.ts';
import { verify } from './verify/command.ts';

/** Every command of the program, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  init,
  balance,
  holds,
  doubts,
  journal,
  verify,
  raise,
  close,
  reopen,
  adjust,
  resolve,
  recover,
  prices,
  report,
  top,
  reconcile,
  simulate,
  replay,
  audit,
];

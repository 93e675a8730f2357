import workers, { type WorkerOptions } from 'node:worker_threads';
import { VARIABLES, type Environment, type RegisterSettings } from './settings.ts';

/**
 * The environment with which Node processes that this one starts are guarded as it is: loaded first
 * by `NODE_OPTIONS`, from the same file whatever their working directory.
 */
export function childEnvironment(
  env: Environment,
  settings: RegisterSettings,
  { module, pid }: { readonly module: string; readonly pid: number },
): Readonly<Record<string, string>> {
  const { configPath, ledgerPath, reportPath, guardsChildren } = settings;
  // One that loads it all the same, by its own command line, keeps a report of its own.
  const parent = { [VARIABLES.parent]: String(pid) };
  if (!guardsChildren) return parent;
  const option = `--import=${module}`;
  const given = env['NODE_OPTIONS'] ?? '';
  const isThere = given.split(/\s+/).includes(option);
  return {
    NODE_OPTIONS: isThere ? given : `${given} ${option}`.trim(),
    ...parent,
    ...(configPath === undefined ? {} : { [VARIABLES.config]: configPath }),
    ...(ledgerPath === undefined ? {} : { [VARIABLES.ledger]: `sqlite:${ledgerPath}` }),
    ...(reportPath === undefined ? {} : { [VARIABLES.report]: reportPath }),
  };
}

/**
 * Guards every thread that is started, whatever options of Node or environment it is given. A
 * module that is loaded twice is still one.
 */
export function guardThreads(module: string): void {
  const { Worker } = workers;
  class GuardedWorker extends Worker {
    constructor(file: string | URL, options?: WorkerOptions) {
      const execArgv = [...(options?.execArgv ?? process.execArgv), `--import=${module}`];
      super(file, { ...options, execArgv });
    }
  }
  Object.defineProperty(GuardedWorker, 'name', { value: 'Worker' });
  Reflect.set(workers, 'Worker', GuardedWorker);
}

import { createInterface } from 'node:readline/promises';
import { PassThrough, Writable } from 'node:stream';
import { nanoUsdFromUsd, type NanoUsd } from '../../units/money.ts';
import type { World } from '../command.ts';
import { usageError } from '../usage-error.ts';

/** Asks a person at the terminal, line by line. */
export interface Asking {
  /** Dollars; an empty line takes the default. Asks again until it is an amount. */
  usd(question: string, otherwise: NanoUsd): Promise<NanoUsd>;
  /** Yes or no; an empty line takes the default. */
  yes(question: string, otherwise: boolean): Promise<boolean>;
  close(): void;
}

const NANO = 1_000_000_000;
const TRIES_MAX = 5;

/** Questions on standard error, so that the answer of the command stays apart from them. */
export function askAt({ keys, err, signal }: World): Asking {
  const input = new PassThrough();
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      err.write(chunk.toString());
      done();
    },
  });
  const lines = createInterface({ input, output, terminal: true, historySize: 0 });
  const left = new AbortController();
  const stop = keys.listen((key) => void input.write(key));
  lines.once('close', () => left.abort());
  const until = AbortSignal.any([signal, left.signal]);
  const ask = async (question: string): Promise<string> => {
    try {
      return (await lines.question(question, { signal: until })).trim();
    } catch (error) {
      if (!until.aborted) throw error;
      throw usageError('Nobody answered', 'Nothing was written; say --yes to be asked nothing');
    }
  };
  return {
    async usd(question, otherwise) {
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const said = await ask(`${question} [${otherwise / NANO}] $`);
        const amount = said === '' ? otherwise : nanoUsdFromUsd(said.replace(/^\$/, ''));
        if (amount !== undefined && amount > 0) return amount;
        err.write('That is no amount of dollars above 0.\n');
      }
      throw usageError(`No amount in ${TRIES_MAX} answers`, 'Nothing was written; begin again');
    },
    async yes(question, otherwise) {
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const said = (await ask(`${question} [${otherwise ? 'Y/n' : 'y/N'}] `)).toLowerCase();
        if (said === '') return otherwise;
        if (/^(y|yes)$/.test(said)) return true;
        if (/^(n|no)$/.test(said)) return false;
        err.write('Say y or n.\n');
      }
      throw usageError(`No yes or no in ${TRIES_MAX} answers`, 'Nothing was written; begin again');
    },
    close() {
      stop();
      lines.close();
    },
  };
}

import { execFileSync } from 'node:child_process';
import http from 'node:http';
import { startEmulator } from '../src/emulator/emulator.ts';

/** What it costs to guard a whole process: at its start, and on each request. */
export interface RegisterFigures {
  readonly starts: number;
  readonly requests: number;
  readonly rounds: number;
  /** Medians over the starts, in milliseconds: an empty program without and with it. */
  readonly startMs: { readonly bare: number; readonly guarded: number };
  readonly channels: readonly {
    readonly channel: string;
    /** Medians over rounds of each round's median, in microseconds. */
    readonly bareUs: number;
    readonly guardedUs: number;
  }[];
}

const STARTS = 15;
const REQUESTS = 400;
const WARM_UP = 200;
const ROUNDS = 5;
const CAP_USD = 9_000_000;
const PROMPT_CHARS = 4_096;
const CHANNELS = ['fetch', 'http.request'] as const;

const REGISTER = new URL('../src/register/register.js', import.meta.url).href;
const SUITE = new URL('suite.js', import.meta.url).pathname;

/** Starts and calls without and with it, in turn, so that a loud moment meets both alike. */
export async function benchRegister(): Promise<RegisterFigures> {
  const [bareMs, guardedMs]: [number[], number[]] = [[], []];
  for (let index = 0; index < STARTS; index += 1) {
    bareMs.push(startedMs([]));
    guardedMs.push(startedMs([`--import=${REGISTER}`]));
  }
  const rounds = Array.from({ length: ROUNDS }, () => ({
    bare: called([]),
    guarded: called([`--import=${REGISTER}`]),
  }));
  return {
    starts: STARTS,
    requests: REQUESTS,
    rounds: ROUNDS,
    startMs: { bare: median(bareMs), guarded: median(guardedMs) },
    channels: CHANNELS.map((channel) => ({
      channel,
      bareUs: median(rounds.map(({ bare }) => bare[channel])),
      guardedUs: median(rounds.map(({ guarded }) => guarded[channel])),
    })),
  };
}

const ENV = {
  HARDCAP_GLOBAL_CAP_PER_DAY_USD: String(CAP_USD),
  HARDCAP_SUMMARY: 'off',
  HARDCAP_CHILDREN: 'off',
};

function startedMs(flags: readonly string[]): number {
  const started = performance.now();
  execFileSync(process.execPath, [...flags, '-e', ''], { env: { ...process.env, ...ENV } });
  return performance.now() - started;
}

type Called = Readonly<Record<(typeof CHANNELS)[number], number>>;

function called(flags: readonly string[]): Called {
  const port = 40_000 + (process.pid % 20_000);
  const env = { ...process.env, ...ENV, BENCH_PORT: String(port) };
  const hosts = { HARDCAP_HOSTS: `anthropic=http://127.0.0.1:${port}` };
  const output = execFileSync(process.execPath, [...flags, SUITE, 'register-process'], {
    encoding: 'utf8',
    env: { ...env, ...hosts },
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Called;
}

/**
 * One process: an emulated provider and its callers, one call after the other, by each channel.
 * Whether they are guarded was decided when it started.
 */
export async function benchRegisterProcess(): Promise<Called> {
  const emulator = await startEmulator({ port: Number(process.env['BENCH_PORT']) });
  const url = `${emulator.url}/v1/messages`;
  const content = 'The quick brown fox jumps. '.repeat(PROMPT_CHARS).slice(0, PROMPT_CHARS);
  const body = JSON.stringify({
    model: 'claude-sonnet-4-6',
    max_tokens: 100,
    messages: [{ role: 'user', content }],
  });
  const agent = new http.Agent({ keepAlive: true });
  const us = {
    fetch: await timed(async () => {
      await (await fetch(url, { method: 'POST', body })).text();
    }),
    'http.request': await timed(() => byHttp(url, body, agent)),
  };
  agent.destroy();
  await emulator.close();
  return us;
}

function byHttp(url: string, body: string, agent: http.Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent }, (answer) => {
      answer.resume().once('end', resolve).once('error', reject);
    });
    request.once('error', reject).end(body);
  });
}

async function timed(call: () => Promise<void>): Promise<number> {
  const samples: number[] = [];
  for (let index = -WARM_UP; index < REQUESTS; index += 1) {
    const started = performance.now();
    await call();
    if (index >= 0) samples.push((performance.now() - started) * 1_000);
  }
  return median(samples);
}

function median(figures: readonly number[]): number {
  return figures.toSorted((left, right) => left - right)[figures.length >> 1] ?? Number.NaN;
}

import { ConfigError } from '../../../errors/error.ts';
import type { Driver } from './driver.ts';
import { infoField } from './server.ts';

/** What the user vouches for, and what he asks of the server. */
export interface ServerDemands {
  readonly trustEviction: boolean;
  readonly waitAof: boolean;
}

const MAJOR_MIN = 7;

/** Rejects with `CONFIG_INVALID` a server that may forget what it acknowledged. */
export async function checkServer(driver: Driver, demands: ServerDemands): Promise<void> {
  const sections = ['server', 'memory', 'persistence'] as const;
  const infos = await driver.all(sections.map((section) => ['INFO', section]));
  const info = infos.map(String).join('\n');
  const version = infoField(info, 'redis_version') ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (!(major >= MAJOR_MIN)) {
    refuse('redis_version', version, 'Redis 7.0 or later, or Valkey, is needed');
  }
  const mode = infoField(info, 'redis_mode');
  if (mode === 'cluster') {
    const reason = 'a restarted shard cannot be noticed through one client; use one primary';
    refuse('redis_mode', mode, reason);
  }
  const policy = infoField(info, 'maxmemory_policy');
  if (policy !== 'noeviction' && !(policy === undefined && demands.trustEviction)) {
    const reason = 'a server that evicts keys forgets what was spent; set it to noeviction';
    refuse('maxmemory-policy', policy ?? 'not reported', reason);
  }
  if (!demands.waitAof) return;
  if (major === MAJOR_MIN && minor < 2) {
    refuse('waitAof', true, `WAITAOF needs Redis 7.2, this is ${version}`);
  }
  if (infoField(info, 'aof_enabled') !== '1') {
    refuse('waitAof', true, 'the server keeps no append-only file: set appendonly to yes');
  }
}

function refuse(field: string, value: unknown, reason: string): never {
  throw new ConfigError({ field, value, reason });
}

import { describe, expect, it } from 'vitest';
import { ManualTime } from '../../../test/leases/manual-time.ts';
import { NOON, accountOf } from '../../stores/conformance/orders.ts';
import { durationMs } from '../../units/time.ts';
import { WaitingRoom } from './waiting-room.ts';

const account = accountOf({ cap: 'daily' });

/** A room with waiters of whom none ever fits, and how often they were asked for their hopes. */
function roomWith(waiters: number) {
  const time = new ManualTime(NOON);
  const { clock, now, schedule } = time;
  const room = new WaitingRoom({ clock, now, schedule, waitersMax: 5_000, isShared: false });
  const asked = { times: 0, isHopeful: true };
  const perform = () => Promise.reject(new Error('nobody asks'));
  const waits = Array.from({ length: waiters }, () =>
    room.enter(
      {
        accounts: [account],
        short: () => [account],
        // oxlint-disable-next-line require-yield -- a turn that need not ask anybody
        turn: function* () {
          return undefined;
        },
        isHopeful: () => {
          asked.times += 1;
          return asked.isHopeful;
        },
        nextLeaving: () => undefined,
        onWaiting: () => {},
        waitMsMax: durationMs(60_000)!,
      },
      { perform, signal: undefined },
    ),
  );
  asked.times = 0;
  return { room, time, asked, waits };
}

describe('a waiting room', () => {
  it('looks at a few at each end of a hold, and sends the hopeless away at once', async () => {
    const { room, asked, waits } = roomWith(32);
    asked.isHopeful = false;
    room.wake([account]);
    expect(await Promise.all(waits)).toEqual(Array.from({ length: 32 }, () => undefined));
    expect(room.size).toBe(0);
  });

  it('looks at many once for all that ends in 10 ms, and sends the hopeless off', async () => {
    const { room, time, asked, waits } = roomWith(1_000);
    for (let ends = 0; ends < 200; ends += 1) room.wake([account]);
    // The first in the line is tried each time, and asked whether it may go on.
    expect(asked.times).toBe(200);
    await time.pass(10);
    expect(asked.times).toBe(1_200);
    room.wake([account]);
    asked.isHopeful = false;
    await time.pass(9);
    expect(room.size).toBe(1_000);
    await time.pass(1);
    expect(await Promise.all(waits)).toEqual(Array.from({ length: 1_000 }, () => undefined));
  });
});

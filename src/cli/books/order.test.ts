import { describe, expect, it } from 'vitest';
import { MisuseError, OperationError } from '../../errors/error.ts';
import { epochMs } from '../../units/time.ts';
import { carriedOut, orderOf } from './order.ts';
import { terminal } from '../../../test/cli/terminal.ts';

const at = epochMs(Date.UTC(2026, 10, 22, 8, 0, 0, 123))!;
const { world } = terminal({ clock: () => at });
const said = { reason: 'r', who: undefined, id: undefined, at: undefined };

describe('an order', () => {
  it('has an id and an instant of its own from the begin, so that it can be given again', () => {
    const [first, second] = [orderOf(said, world), orderOf(said, world)];
    expect(first).toMatchObject({ reason: 'r', who: 'ada', at });
    expect(first.id).not.toBe(second.id);
    expect(orderOf({ ...said, id: 'x', who: 'bob' }, world)).toMatchObject({ id: 'x', who: 'bob' });
  });

  it('whose fate is unknown says how to give the very same again', async () => {
    const order = orderOf({ ...said, id: 'o1' }, world);
    const lost = new OperationError('STORE_UNAVAILABLE', 'The store does not answer.');
    const failing = carriedOut(order, () => Promise.reject(lost));
    await expect(failing).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('--id o1 --at 2026-11-22T08:00:00.123Z'),
    });
  });

  it('that was refused is refused as it was', async () => {
    const order = orderOf(said, world);
    for (const refused of [
      new MisuseError('ORDER_INVALID', 'no'),
      new OperationError('STORE_CONFLICT', 'no'),
    ]) {
      await expect(carriedOut(order, () => Promise.reject(refused))).rejects.toBe(refused);
    }
  });
});

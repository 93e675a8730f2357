import type { Break } from './break.ts';

const PROPERTY = ['test/property/leases.property.test.ts'];
const SIMULATION = ['test/simulation/simulation.test.ts'];
const GRANTER = 'src/ledger/leases/granter.ts';
const MEMORY = 'src/stores/memory/lease-store.ts';

const LEASES = 'Leases';

/** Breaks of the granting side and of the holder, noticed by the simulation and by a model. */
export const SIMULATION_BREAKS: readonly Break[] = [
  {
    part: LEASES,
    guarantee: 'A message is applied once, however often it arrives',
    file: MEMORY,
    find: 'const seq = message.seq > holder.seq ? message.seq : SEQ_OF_REPEAT;',
    replace: 'const seq = Math.max(message.seq, holder.seq + 1);',
    broken: 'a repeat counts as a message that is new',
    tests: PROPERTY,
  },
  {
    part: LEASES,
    guarantee: 'A grant is at most what is left',
    file: GRANTER,
    find: 'const granted = least(room, isNearIn(room, ceiling) ? demand : asked);',
    replace: 'const granted = isNearIn(room, ceiling) ? demand : asked;',
    broken: 'what all waiting calls lack is granted, left or not',
    tests: PROPERTY,
  },
  {
    part: LEASES,
    guarantee: 'Each capped dimension is checked',
    file: GRANTER,
    find: 'if (!isAsked || isWithin(item.need, room)) {',
    replace: 'if (!isAsked || item.need[0] <= room[0]) {',
    broken: 'only dollars are checked',
    tests: PROPERTY,
  },
  {
    part: LEASES,
    guarantee: 'Nothing is held by a holder that ended',
    file: GRANTER,
    find: 'held: minus(row.held, held),',
    replace: 'held: row.held,',
    broken: 'the end of a holder leaves its slices held',
    tests: PROPERTY,
  },
  {
    part: LEASES,
    guarantee: 'A rolling window counts all its parts',
    file: GRANTER,
    find: 'roomIn(ceiling[0], spent[0] + held[0] + before[0] + beside[0]),',
    replace: 'roomIn(ceiling[0], spent[0] + held[0] + before[0]),',
    broken: 'what is held in the other parts is left out',
    tests: SIMULATION,
    title: 'seeds 0 to',
  },
  {
    part: LEASES,
    guarantee: 'A holder that was closed changes nothing any more',
    file: MEMORY,
    find: "if (!holder.isOpen) return { kind: 'fenced' };",
    replace: '',
    broken: 'messages of closed holders are applied',
    tests: PROPERTY,
  },
  {
    part: LEASES,
    guarantee: 'What nobody can prove unspent is charged',
    file: MEMORY,
    find: "order.how === 'charged' ? whole : (finals.get(key)?.spent ?? slice.spent);",
    replace: 'order.how === undefined ? whole : (finals.get(key)?.spent ?? slice.spent);',
    broken: 'a slice without a journal is charged with what was last reported',
    tests: SIMULATION,
    title: 'seeds 0 to',
  },
  {
    part: LEASES,
    guarantee: 'What was given back is not spendable any more',
    file: 'src/ledger/leases/leases.ts',
    find: 'slice.returned = plus(slice.returned, back);',
    replace:
      'slice.returned = plus(slice.returned, back); slice.granted = plus(slice.granted, back);',
    broken: 'a return leaves the slice as it is',
    tests: SIMULATION,
    title: 'seeds 0 to',
  },
  {
    part: LEASES,
    guarantee: 'A message whose fate is unknown is sent again word for word',
    file: 'src/ledger/leases/leasing.ts',
    find: '() => this.#ports.store.exchange(message),',
    replace: '() => this.#ports.store.exchange({ ...message, at: this.#ports.clock() }),',
    broken: 'each try says its own time',
    tests: SIMULATION,
    title: 'seeds 0 to',
  },
];

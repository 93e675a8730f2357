import type { Break } from './break.ts';

const PART = '3. Every attempt';
const MARKS = ['test/e2e/attacks-marks.test.ts'];
const MARK = 'src/adapters/mark.ts';

/** Breaks of what lets a request pass that is held further out: by this request, and only this. */
export const MARK_BREAKS: readonly Break[] = [
  {
    part: PART,
    guarantee: 'A hold is for one body',
    file: MARK,
    find: '    held.text === text &&',
    replace: '',
    broken: 'a fetch in between may send another one on it',
    tests: MARKS,
    title: 'with another body',
  },
  {
    part: PART,
    guarantee: 'A hold is for the body that was sent',
    file: 'src/adapters/transport.ts',
    find: 'text: wire ?? text,',
    replace: 'text,',
    broken: 'it is for the one that was asked for, before it was made to fit',
    tests: MARKS,
    title: 'put back',
  },
  {
    part: PART,
    guarantee: 'A hold is for one address',
    file: MARK,
    find: '    isSameAddress(held.url, request.url) &&',
    replace: '',
    broken: 'the same body may go anywhere on it',
    tests: MARKS,
    title: 'with another query|at another host',
  },
  {
    part: PART,
    guarantee: 'A hold ends with the sending',
    file: MARK,
    find: '    mark.end();',
    replace: '',
    broken: 'what is sent after the answer leaves on it',
    tests: MARKS,
    title: 'answered already',
  },
  {
    part: PART,
    guarantee: 'Scopes of a fetch further in are drawn on',
    file: MARK,
    find: 'own.every((one) => Object.entries(one).every(([dimension, value]) => has(dimension, value)))',
    replace: 'own.length >= 0',
    broken: 'a hold of the fetch around it does for them',
    tests: MARKS,
    title: 'of the fetch',
  },
  {
    part: PART,
    guarantee: 'Scopes of the code around a fetch further in are drawn on',
    file: MARK,
    find: 'around.every(([dimension, values]) => values.every((value) => has(dimension, value)))',
    replace: 'around.length >= 0',
    broken: 'a hold that was made outside of them does for them',
    tests: MARKS,
    title: 'of the code around',
  },
  {
    part: PART,
    guarantee: 'A guarded fetch before another of the same guard keeps its scopes',
    file: 'src/adapters/fetch.ts',
    find: '...(known?.scopes ?? []), ',
    replace: '',
    broken: 'they are dropped with it',
    tests: MARKS,
    title: 'of the fetch',
  },
  {
    part: PART,
    guarantee: 'Scopes of a guard are around everything',
    file: 'src/guard/context.ts',
    find: 'return this.#storage.getStore() ?? this.#outermost;',
    replace: 'return this.#storage.getStore() ?? NOTHING;',
    broken: 'nothing draws on them',
    tests: MARKS,
    title: 'of the guard itself',
  },
];

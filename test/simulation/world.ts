/** Runs one simulation: a fleet, a store, a network, what goes wrong, and the check of it all. */

import type { HolderIdentity } from '../../src/ledger/leases/message.ts';
import { createLeasedLedger } from '../../src/ledger/leases/leased-ledger.ts';
import { plus, type Sums } from '../../src/ledger/leases/sums.ts';
import { createMemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { instant } from '../../src/stores/conformance/orders.ts';
import { DiskJournal } from './disk.ts';
import { Inspector } from './inspector.ts';
import { Link, Server } from './network.ts';
import { NO_FAULTS, type FaultRates, type SimulationOptions } from './options.ts';
import { Process, ProcessGate, type Fleet } from './process.ts';
import { nextArrivalMs, randomOf, type Random } from './random.ts';
import { Figures, type Report } from './report.ts';
import { Truth, sameSums, textOf } from './truth.ts';
import { VirtualTime } from './virtual-time.ts';
import { Workload } from './workload.ts';

/** After the last call: until every call ended, until the network is whole, until all are told. */
const CALLS_END_MS = 6_000;
const CLOSE_MS = 30_000;
const LATE_COPIES_MS = 65_000;
const RECOVERY_RETRY_MS = 300;
const CLOCK_STEP_EVERY_MS = 10_000;

/** Where the one who recovers runs, when it cannot read the journal of the other. */
const ANOTHER_HOST = 'another host';

/** A place in the fleet: a host with one process at a time. */
interface Place {
  readonly index: number;
  readonly hasJournal: boolean;
  boot: number;
  incarnation: number;
  skewMs: number;
  process: Process | undefined;
}

/** A holder to be ended, by somebody on this boot of a host. */
interface Recovery {
  readonly gone: Process;
  readonly host: string;
}

/** Runs the simulation to its end and reports. */
export async function simulate(options: SimulationOptions): Promise<Report> {
  return new World(options).run();
}

class World {
  readonly #options: SimulationOptions;
  readonly #fleet: Fleet;
  readonly #server: Server;
  readonly #memory;
  readonly #random: Random;
  readonly #places: Place[];
  /** Every process that ever was. */
  readonly #processes: Process[] = [];
  /** Recoveries that a process began and was not told the end of. */
  readonly #recovering = new Map<Process, Set<Recovery>>();
  /** What goes wrong now; shared with every link. */
  readonly #faults: { -readonly [Rate in keyof FaultRates]: number };
  #isEnding = false;

  constructor(options: SimulationOptions) {
    const { seed, holders, journals } = options;
    const time = new VirtualTime();
    const workload = new Workload(options);
    this.#options = options;
    this.#random = randomOf(`${seed}/world`);
    this.#faults = { ...options.faults };
    this.#memory = createMemoryLeaseStore({ clock: () => this.#clockAt(0) });
    const store = options.plant?.store?.(this.#memory, time) ?? this.#memory;
    this.#server = new Server(store, new Inspector(this.#memory));
    const [truth, figures] = [new Truth(), new Figures()];
    const report = (finding: string): void => this.#server.inspector.report(finding);
    const random = randomOf(`${seed}/calls`);
    const { faults } = options;
    this.#fleet = { time, workload, truth, figures, random, faults, report };
    figures.requests = () =>
      this.#processes.reduce((sum, { parts }) => sum + parts.link.requests, 0);
    this.#places = Array.from({ length: holders }, (_, index) => ({
      index,
      hasJournal: journals === 'all' || (journals === 'half' && index % 2 === 0),
      boot: 1,
      incarnation: 0,
      skewMs: this.#drawSkew(),
      process: undefined,
    }));
  }

  async run(): Promise<Report> {
    const { time } = this.#fleet;
    const { durationMs } = this.#options;
    for (const place of this.#places) this.#boot(place);
    this.#scheduleArrivals();
    this.#scheduleFaults();
    await time.runUntil(durationMs);
    this.#isEnding = true;
    this.#fleet.figures.end();
    await time.runUntil(durationMs + CALLS_END_MS);
    this.#heal();
    await time.runUntil(time.now + 2 * CALLS_END_MS);
    this.#closeAll();
    await time.runUntil(time.now + CLOSE_MS);
    this.#abandonUnclosed();
    await time.runUntil(time.now + LATE_COPIES_MS);
    return this.#report();
  }

  #boot(place: Place): void {
    const { time } = this.#fleet;
    const random = randomOf(`${this.#options.seed}/${place.index}/${place.incarnation}`);
    place.incarnation += 1;
    const gate = new ProcessGate();
    const disk = place.hasJournal
      ? new DiskJournal({ random: random.fork('disk'), failure: this.#faults.journalFailure })
      : undefined;
    const link = new Link({
      server: this.#server,
      time,
      random: random.fork('link'),
      faults: this.#faults,
      gate: gate.run,
    });
    const clock = () => this.#clockAt(place.skewMs);
    const identity: HolderIdentity = {
      holder: `h${place.index}.${place.incarnation}`,
      host: `host${place.index}`,
      boot: `boot${place.boot}`,
      pid: place.index,
      incarnation: `${place.incarnation}`,
      journal: disk === undefined ? null : `journal of h${place.index}.${place.incarnation}`,
      openedAt: clock(),
    };
    const bornAt = time.now;
    const made = createLeasedLedger({
      store: link,
      identity,
      ...(disk === undefined ? {} : { journal: disk }),
      clock,
      now: () => time.now - bornAt,
      schedule: (ms, fn) => time.schedule(ms, () => gate.run(fn)),
      policy: this.#options.policy,
      onFault: () => undefined,
    });
    const ledger = this.#options.plant?.ledger?.(made) ?? made;
    place.process = new Process(this.#fleet, { gate, identity, ledger, link, disk, clock });
    this.#processes.push(place.process);
  }

  #scheduleArrivals(): void {
    const { time, random, workload } = this.#fleet;
    const { holders, callsPerS, routing, seed } = this.#options;
    const calls = random.fork('arrivals');
    let count = 0;
    const arrive = (): void => {
      if (this.#isEnding) return;
      const planned = workload.plan(calls);
      count += 1;
      // Some processes get more than others: the square prefers the first ones.
      const skewed = Math.floor(calls() ** 1.5 * holders);
      const index = routing === 'sticky' ? (planned.customer * 2_654_435_761) % holders : skewed;
      const id = `${seed}:${count}`;
      const process = this.#places[index]?.process;
      process?.parts.gate.run(() => process.call(id, planned));
      time.schedule(nextArrivalMs(calls, holders * callsPerS), arrive);
    };
    time.schedule(nextArrivalMs(calls, holders * callsPerS), arrive);
  }

  #scheduleFaults(): void {
    const { faults, windows, skewMs } = this.#options;
    this.#repeat('crash', faults.crashesPerS, (place) => this.#crash(place));
    this.#repeat('partition', faults.partitionsPerS, (place) => this.#partition(place));
    this.#repeat('stop', faults.stopsPerS, (place) => this.#stop(place));
    this.#repeat('stall', faults.storeStallsPerS, () => {
      this.#server.stall();
      this.#fleet.time.schedule(this.#random.between(100, 4_000), () => this.#server.resume());
    });
    if (windows !== 'day' && skewMs > 0) {
      const stepsPerS = (this.#options.holders * 1000) / CLOCK_STEP_EVERY_MS;
      this.#repeat('clock', stepsPerS, (place) => {
        place.skewMs = this.#drawSkew();
      });
    }
  }

  #repeat(what: string, perS: number, fn: (place: Place) => void): void {
    if (perS <= 0) return;
    const { time } = this.#fleet;
    const random = this.#random.fork(what);
    const next = (): void => {
      time.schedule(nextArrivalMs(random, perS), () => {
        if (this.#isEnding) return;
        fn(this.#places[random.below(this.#places.length)]!);
        next();
      });
    };
    next();
  }

  #crash(place: Place): void {
    const process = place.process;
    if (process === undefined) return;
    this.#fleet.figures.crashes += 1;
    process.parts.gate.isAlive = false;
    place.process = undefined;
    if (this.#random.chance(this.#options.faults.rebootPart)) {
      place.boot += 1;
      process.parts.disk?.reboot();
    } else process.parts.disk?.kill();
    this.#fleet.time.schedule(this.#random.between(200, 3_000), () => {
      this.#boot(place);
      const by = place.process!;
      this.#recover({ gone: process, host: `boot${place.boot}` }, by);
      // What the dead one was about to recover is left to its successor.
      for (const recovery of this.#recovering.get(process) ?? []) this.#recover(recovery, by);
    });
  }

  /** Another process ends a holder that is gone, and tries until it is told that this is done. */
  #recover(recovery: Recovery, by: Process): void {
    const { gone, host } = recovery;
    const { identity, disk } = gone.parts;
    const isIgnored = this.#options.plant?.isBootIgnored === true && host !== ANOTHER_HOST;
    const isTrusted = host === identity.boot || isIgnored;
    const proof = disk !== undefined && isTrusted ? disk.prove() : undefined;
    const { gate, link, clock } = by.parts;
    const order = {
      holder: identity.holder,
      at: clock(),
      by: by.parts.identity.holder,
      reason: 'its process is gone',
      how: proof === undefined ? ('charged' as const) : ('proven' as const),
      finals: proof?.finals ?? [],
      inDoubt: proof?.inDoubt ?? [],
    };
    const pending = this.#recovering.get(by) ?? new Set();
    this.#recovering.set(by, pending.add(recovery));
    const attempt = async (): Promise<void> => {
      try {
        await link.close(order);
        pending.delete(recovery);
      } catch {
        // Nobody knows whether it arrived: the same again.
        this.#fleet.time.schedule(RECOVERY_RETRY_MS, () => gate.run(() => void attempt()));
      }
    };
    void attempt();
  }

  #partition(place: Place): void {
    const process = place.process;
    if (process === undefined) return;
    this.#fleet.figures.partitions += 1;
    process.parts.link.isCut = true;
    this.#fleet.time.schedule(this.#random.between(5_000, 30_000), () => {
      process.parts.link.isCut = false;
    });
  }

  #stop(place: Place): void {
    const process = place.process;
    if (process === undefined) return;
    this.#fleet.figures.stops += 1;
    const { gate } = process.parts;
    gate.stop();
    const ms = this.#random.between(500, 15_000);
    this.#fleet.time.schedule(ms, () => gate.resume());
    const other = this.#places[(place.index + 1) % this.#places.length]?.process;
    if (other === undefined || other === process) return;
    if (!this.#random.chance(this.#options.faults.presumedDeadPart)) return;
    // It may not be dead at all, so nobody can prove what it spends: its slices are charged.
    this.#fleet.time.schedule(ms / 2, () =>
      this.#recover({ gone: process, host: ANOTHER_HOST }, other),
    );
  }

  #heal(): void {
    Object.assign(this.#faults, NO_FAULTS);
    this.#server.resume();
    for (const { parts } of this.#processes) {
      parts.link.isCut = false;
      parts.gate.resume();
    }
  }

  #closeAll(): void {
    this.#server.inspector.checkAll();
    for (const process of this.#processes) {
      if (process.parts.gate.isAlive) void this.#close(process);
    }
  }

  async #close(process: Process): Promise<void> {
    const { ledger, disk, identity } = process.parts;
    const { inspector } = this.#server;
    try {
      await ledger.close();
    } catch {
      // The store could not be told: recovery does the rest.
      this.#abandon(process, disk);
      return;
    }
    const { holder } = identity;
    if (inspector.isOpen(holder)) inspector.report(`${holder} says closed, and is open`);
  }

  #abandonUnclosed(): void {
    for (const process of this.#processes) {
      const { gate, identity, disk, ledger } = process.parts;
      if (!gate.isAlive) continue;
      if (this.#server.inspector.isOpen(identity.holder)) this.#abandon(process, disk);
      const open = [...ledger.openHolds()].length;
      if (open > 0 && this.#server.inspector.chargedOf(identity.holder) === undefined) {
        this.#server.inspector.report(`${identity.holder} has ${open} open holds at rest`);
      }
      gate.isAlive = false;
    }
  }

  #abandon(process: Process, disk: DiskJournal | undefined): void {
    const { identity, link, clock } = process.parts;
    disk?.kill();
    if (!this.#server.inspector.isOpen(identity.holder)) return;
    const proof = disk?.prove();
    void Promise.resolve(
      link.close({
        holder: identity.holder,
        at: clock(),
        by: 'an operator',
        reason: 'it could not end itself',
        how: proof === undefined ? 'charged' : 'proven',
        finals: proof?.finals ?? [],
        inDoubt: proof?.inDoubt ?? [],
      }),
    ).catch((error: unknown) => this.#server.inspector.report(`recovery failed: ${String(error)}`));
  }

  #report(): Report {
    const { figures, truth, time, workload } = this.#fleet;
    const { inspector } = this.#server;
    inspector.checkAll();
    inspector.checkNothingHeld();
    this.#compareBooks();
    let [booked, billed] = [0, 0];
    for (const [key, { row }] of this.#memory.accounts) {
      if (!key.startsWith('all|')) continue;
      booked += row.spent[0];
      billed += truth.spentOf(key)[0];
    }
    const { calls, admitted, waited, unavailable, refusals, needless } = figures;
    const { crashes, partitions, stops, before } = figures;
    return {
      calls,
      admitted,
      waited,
      unavailable,
      refusals,
      needless,
      crashes,
      partitions,
      stops,
      before,
      requests: figures.requests(),
      requestsAtEnd: figures.requestsAtEnd,
      events: time.events,
      strandedPart: (booked - billed) / workload.globalUsd,
      spentPart: billed / workload.globalUsd,
      overshoots: truth.overshoots,
      overshootPartMax: truth.overshootPartMax,
      findings: inspector.findings,
    };
  }

  /** At rest, what the store has booked is what every ledger acknowledged, to the last unit. */
  #compareBooks(): void {
    const { inspector } = this.#server;
    const expected = new Map<string, Sums>();
    const book = (key: string, sums: Sums): void => {
      expected.set(key, plus(expected.get(key) ?? [0, 0, 0], sums));
    };
    const unsure = new Set<string>();
    for (const { parts, booked, unsure: said } of this.#processes) {
      const charged = inspector.chargedOf(parts.identity.holder);
      for (const [key, sums] of charged ?? booked) book(key, sums);
      if (charged === undefined) {
        for (const name of said) unsure.add(name.slice(0, name.lastIndexOf(' ')));
        continue;
      }
      for (const [key, [usd]] of booked) {
        const most = charged.get(key)?.[0] ?? 0;
        if (usd > most) inspector.report(`books: ${key} was charged ${most} for ${usd} booked`);
      }
    }
    for (const [key, { row }] of this.#memory.accounts) {
      const sums = expected.get(key) ?? [0, 0, 0];
      if (!sameSums(sums, row.spent) && !unsure.has(key)) {
        inspector.report(
          `books: ${key} has spent ${textOf(row.spent)}, acknowledged ${textOf(sums)}`,
        );
      }
      const billed = this.#fleet.truth.spentOf(key);
      if (billed[0] > row.spent[0]) {
        inspector.report(`books: ${key} has spent ${textOf(row.spent)}, billed ${textOf(billed)}`);
      }
    }
    for (const key of this.#fleet.truth.keys()) {
      const isSpent = this.#fleet.truth.spentOf(key)[0] > 0;
      if (isSpent && !this.#memory.accounts.has(key)) inspector.report(`books: no ${key} at all`);
    }
  }

  #clockAt(skewMs: number) {
    return instant(Math.floor(this.#fleet.workload.startsAt + this.#fleet.time.now + skewMs));
  }

  #drawSkew(): number {
    const { skewMs } = this.#options;
    return Math.round(this.#random.between(-skewMs, skewMs));
  }
}

/** Guards and the processor's leases together, on one clock: what they spend of a dollar that they share. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Admission, OutgoingCall } from '../../../instrumentation/guard/guard.ts';
import { readGrants } from '../../../instrumentation/guard/wire.ts';
import { parseUsd } from '../../../pricing/money.ts';
import { grantsJson, readClaims } from '../../../processor/api/leases.ts';
import { createLeases, QUIET_MS, type Leases } from '../../../processor/budgets/leases.ts';
import { Tracker } from '../../../processor/budgets/tracker.ts';
import { actingOf } from '../../../processor/budgets/acting.ts';
import { loadBudgets } from '../../../processor/budgets/load.ts';
import { makeEntry } from '../../support/entries.ts';
import { femto, rates, rule, stage, START, type Stage } from './support.ts';

const CAP = parseUsd('1');
const yaml = `groups:
  - name: g
    rules:
      - budget: customers
        by: [customer_id]
        amount: 1 USD
        period: month
        thresholds: [{ at: 100%, severity: info, action: { cap: { lease: true } } }]
`;
const limits = [{ value: femto('1'), level: '100%', action: { kind: 'cap', lease: true } }];
const leasedRule = rule({ terms: [{ match: [], amount: femto('1'), floor: femto('0.25'), limits }] });

function call(maxTokens = 1000): OutgoingCall {
  const model = 'plain';
  const dimensions = { customer_id: 'acme', provider: 'openai', model };
  return { dimensions, ids: {}, provider: 'openai', model, maxTokens, inputTokens: () => 1000 };
}

/** Of `plain`: 1 and 5 USD a million. */
const cost = (output: number): bigint => BigInt(1000) * 1_000_000_000n + BigInt(output) * 5_000_000_000n;

interface Open {
  readonly admission: Admission;
  readonly worst: bigint;
  readonly output: number;
}

/** A processor, and guards that come and go. What is spent reaches it late, and nothing reaches it that is lost. */
class Scene {
  nowMs = Date.UTC(2026, 10, 10);
  readonly #tracker: Tracker;
  #leases: Leases;
  readonly guards: { stage: Stage; open: Open[] }[] = [];
  /** Spent, though nobody may know yet. */
  spent = 0n;
  #late: number[] = [];
  #calls = 0;
  #seated = true;

  constructor() {
    const loaded = loadBudgets('budgets.yaml', yaml);
    if (loaded.status === 'invalid') throw new Error('the rule is wrong');
    const [first] = loaded.rules;
    if (first === undefined) throw new Error('no rule');
    this.#tracker = new Tracker(first);
    this.#leases = this.#restarted(0);
  }

  #restarted(quietMs: number): Leases {
    return createLeases({
      acting: () => [actingOf(this.#tracker, this.nowMs * 1000)].flatMap((budget) => budget ?? []),
      now: () => this.nowMs,
      steady: () => this.nowMs,
      quietMs,
    });
  }

  /** Loses what was granted. */
  restart(): void {
    this.#leases = this.#restarted(QUIET_MS);
    this.#seated = false;
    for (const { stage: at } of this.guards) this.#snapshot(at);
  }

  start(): void {
    const at = stage(undefined);
    at.pass(this.nowMs - at.state.nowMs);
    this.#snapshot(at);
    this.guards.push({ stage: at, open: [] });
  }

  /** Calls that it has open are made all the same. */
  crash(index: number): void {
    const [gone] = this.guards.length < 2 ? [] : this.guards.splice(index % this.guards.length, 1);
    if (gone === undefined) return;
    this.#leases.leave(gone.stage.state.instance);
    for (const { output } of gone.open) this.#spend(output);
  }

  #snapshot(at: Stage): void {
    this.#leases.join(at.state.instance);
    this.#tell(at);
  }

  #tell(at: Stage): void {
    const divisor = this.#leases.seat(at.state.instance) ? '40' : null;
    at.tell('snapshot', { now_ms: this.nowMs, starter_divisor: divisor, rules: [leasedRule], rates });
    if (this.ledger >= CAP / 4n) at.tell('keys', { keys: [[0, 0, String(this.ledger), ['acme']]] });
    at.tell('ready', {});
  }

  get ledger(): bigint {
    return this.#tracker.find(this.nowMs * 1000, ['acme'], false)?.spent ?? 0n;
  }

  begin(index: number, maxTokens: number, output: number): boolean {
    const at = this.guards[index % this.guards.length];
    const admission = at?.stage.guard.admit(call(maxTokens));
    if (at === undefined || admission?.refusal !== undefined) return false;
    if (admission !== undefined) at.open.push({ admission, worst: cost(maxTokens), output });
    return true;
  }

  end(index: number): void {
    const open = this.guards[index % this.guards.length]?.open.shift();
    if (open === undefined) return;
    this.#spend(open.output);
    open.admission.ended({ input: 1000, output: open.output }, 'plain');
  }

  #spend(output: number): void {
    this.spent += cost(output);
    this.#late.push(output);
  }

  /** Spans arrive, and guards are told. */
  arrive(count: number): void {
    for (const output of this.#late.splice(0, count)) {
      const called = { counts: { input: 1000, output }, rates: { input: '0.000001', output: '0.000005' } };
      const of = { startUs: this.nowMs * 1000, dimensions: { customer_id: 'acme' } };
      this.#tracker.add(makeEntry(++this.#calls, { ...called, ...of }), this.nowMs * 1000);
    }
    if (this.ledger >= CAP / 4n)
      for (const { stage: at } of this.guards) at.tell('delta', { keys: [[0, 0, String(this.ledger), ['acme']]] });
  }

  /** @param lost the answer */
  ask(index: number, all: boolean, lost = false): void {
    const { state } = this.guards[index % this.guards.length]?.stage ?? {};
    if (state === undefined) return;
    if (all) state.leases.round();
    const { epoch, steadyMs: atMs, leases } = state;
    const { claims, of } = leases.claims((lease) => state.isLapsed(lease));
    if (claims.length === 0) return;
    const read = readClaims({ instance: state.instance, claims });
    const answer = grantsJson(this.#leases.ask(read.instance, read.claims));
    if (lost) leases.unheard(of);
    else leases.take(readGrants(answer), { atMs, epoch });
  }

  /** Guards tell of their leases every five seconds. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 5000) {
      const step = Math.min(left, 5000);
      this.nowMs += step;
      for (const { stage: at } of this.guards) at.pass(step);
      for (const [place, { stage: at }] of this.guards.entries()) {
        if (this.#leases.seated !== this.#seated) this.#tell(at);
        at.state.heard();
        this.ask(place, true);
      }
      this.#seated = this.#leases.seated;
    }
  }

  /** What may be spent if every open call costs the most. */
  get most(): bigint {
    return this.guards.flatMap(({ open }) => open).reduce((sum, { worst }) => sum + worst, this.spent);
  }
}

type Step = (scene: Scene) => void;
const index = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(index, fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: 50, max: 100 })).map(
      ([i, max, part]): Step =>
        (scene) =>
          void scene.begin(i, max, Math.floor((max * part) / 100)),
    ),
  },
  {
    weight: 6,
    arbitrary: index.map(
      (i): Step =>
        (scene) =>
          scene.end(i),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(index, fc.boolean(), fc.boolean()).map(
      ([i, all, lost]): Step =>
        (scene) =>
          scene.ask(i, all, lost && i === 0),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.nat({ max: 20 }).map(
      (n): Step =>
        (scene) =>
          scene.arrive(n),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 20_000 }).map(
      (ms): Step =>
        (scene) =>
          scene.pass(ms),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((scene) => scene.guards.length < 4 && scene.start()) },
  {
    weight: 1,
    arbitrary: index.map(
      (i): Step =>
        (scene) =>
          scene.crash(i),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 9 }).map(
      (n): Step =>
        (scene) =>
          n === 0 && scene.restart(),
    ),
  },
);

describe('leases of a dollar', () => {
  it('what is spent and held back together never is more than the cap, whoever comes, goes and is not heard', () => {
    let refused = 0;
    let passed = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 300, maxLength: 600, size: 'max' }), (steps) => {
        const scene = new Scene();
        scene.start();
        scene.start();
        for (const each of steps) {
          each(scene);
          expect(scene.most).toBeLessThanOrEqual(CAP);
        }
        if (scene.spent > CAP / 2n) passed++;
        if (scene.guards.some(({ stage: at }) => at.guard.counts.capped > 0)) refused++;
      }),
      { numRuns: 200 },
    );
    // Neither nothing passes nor everything.
    expect(passed).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(10);
  });

  it('nearly all of it can be spent, by two that ask in turn', () => {
    const scene = new Scene();
    scene.start();
    scene.start();
    for (let round = 0; round < 3000; round++) {
      const at = round % 2;
      if (!scene.begin(at, 1000, 1000)) scene.ask(at, false);
      scene.end(at);
      if (round % 10 === 0) scene.arrive(10);
      if (round % 50 === 0) {
        scene.ask(0, true);
        scene.ask(1, true);
      }
      scene.pass(100);
    }
    expect(scene.spent).toBeGreaterThan(CAP - 2n * cost(1000));
    expect(scene.spent).toBeLessThanOrEqual(CAP);
  });

  it('first calls pass before anything is granted, as far as the part for that goes; then a lease is asked for', () => {
    const scene = new Scene();
    scene.start();
    // 2.5 cents are four calls of 0.6.
    const begun = Array.from({ length: 20 }, () => scene.begin(0, 1000, 1000));
    expect(begun.filter(Boolean)).toHaveLength(4);
    const refusal = scene.guards[0]?.stage.guard.admit(call())?.refusal;
    expect(refusal).toMatchObject({ retryAfterMs: 1000, budget: 'customers' });
    scene.ask(0, false);
    expect(Array.from({ length: 20 }, () => scene.begin(0, 1000, 1000)).filter(Boolean)).toHaveLength(16);
  });

  it('half of it is for those that have not asked, until half of it is in the ledger; they need not ask later either', () => {
    const scene = new Scene();
    scene.start();
    scene.start();
    const spend = (): void => {
      for (let tries = 0; tries < 400; tries++) {
        if (!scene.begin(0, 1000, 1000)) scene.ask(0, false);
        scene.end(0);
      }
    };
    spend();
    expect(scene.spent).toBeGreaterThan(CAP / 2n - cost(1000));
    expect(scene.spent).toBeLessThanOrEqual(CAP / 2n + CAP / 40n);
    // The other process has said nothing so far.
    expect(scene.begin(1, 1000, 1000)).toBe(true);
    scene.end(1);
    scene.pass(600_000);
    expect(scene.begin(1, 1000, 1000)).toBe(true);
    scene.arrive(1000);
    scene.pass(60_000);
    spend();
    expect(scene.spent).toBeGreaterThan(CAP - CAP / 20n);
  });

  it('a call that comes once in a while need not ask first, in any process', () => {
    const scene = new Scene();
    for (let each = 0; each < 4; each++) scene.start();
    for (let call = 0; call < 60; call++) {
      expect(scene.begin(call % 4, 1000, 1000), `call ${call}`).toBe(true);
      scene.pass(3000);
      scene.end(call % 4);
      scene.arrive(10);
      scene.pass(57_000);
    }
  });

  it('a call that may cost more than is left, or than half, is refused until the period is over', () => {
    const scene = new Scene();
    scene.start();
    const refusal = (): unknown => scene.guards[0]?.stage.guard.admit(call(120_000))?.refusal;
    expect(refusal()).toMatchObject({ resetAt: new Date(Date.UTC(2026, 11, 1)), retryAfterMs: undefined });
    scene.ask(0, false);
    expect(refusal()).toBeDefined();
  });

  it('nothing begins under a lease while the processor is silent; what is held may be granted to others once no call can be open', () => {
    const scene = new Scene();
    scene.start();
    scene.start();
    scene.begin(0, 80_000, 100);
    scene.ask(0, false);
    expect(scene.begin(0, 80_000, 100)).toBe(true);
    scene.guards[0]?.stage.pass(30_000);
    expect(scene.begin(0, 1, 1)).toBe(false);
    scene.crash(0);
    const wants = (): boolean => {
      scene.begin(0, 80_000, 100);
      scene.ask(0, false);
      return scene.begin(0, 80_000, 100);
    };
    expect(wants()).toBe(false);
    scene.pass(16 * 60_000);
    expect(wants()).toBe(true);
  });

  it('a process that was not heard for long gives back what it held before it is granted to others', () => {
    const scene = new Scene();
    scene.start();
    scene.begin(0, 80_000, 100);
    scene.ask(0, false);
    const [guard] = scene.guards;
    expect(guard?.stage.state.leases.size).toBe(1);
    guard?.stage.pass(11 * 60_000);
    guard?.stage.state.heard();
    expect(scene.begin(0, 1, 1)).toBe(false);
    scene.ask(0, true);
    expect(scene.begin(0, 1000, 1)).toBe(false);
    scene.ask(0, false);
    expect(scene.begin(0, 1000, 1)).toBe(true);
  });

  it('a processor that was restarted grants nothing until those who hold leases had the time to say so', () => {
    const scene = new Scene();
    scene.start();
    scene.begin(0, 80_000, 100);
    scene.ask(0, false);
    expect(scene.begin(0, 80_000, 100)).toBe(true);
    scene.restart();
    scene.start();
    scene.begin(1, 1000, 100);
    scene.ask(1, false);
    expect(scene.begin(1, 1000, 100)).toBe(false);
    scene.pass(QUIET_MS);
    // Of the half that is granted 40 cents are held by the first.
    scene.begin(1, 30_000, 100);
    scene.ask(1, false);
    expect(scene.begin(1, 30_000, 100)).toBe(false);
    scene.begin(1, 1000, 100);
    scene.ask(1, false);
    expect(scene.begin(1, 1000, 100)).toBe(true);
  });
});

it('in the mode observe nothing is asked for', () => {
  const at = stage([leasedRule], { SPANLEDGER_GUARD: 'observe' });
  expect(at.guard.admit(call())?.refusal).toBeUndefined();
  expect(at.state.leases.size).toBe(0);
  expect(START).toBeLessThan(at.state.nowMs);
});

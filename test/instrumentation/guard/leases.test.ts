/** Guards and the processor's leases together, on one clock: what they spend of a dollar that they share. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Admission, OutgoingCall } from '../../../instrumentation/guard/guard.ts';
import { readGrants } from '../../../instrumentation/guard/wire.ts';
import { parseUsd } from '../../../pricing/money.ts';
import { grantsJson, readClaims } from '../../../processor/api/leases.ts';
import { createLeases, LEASE_MS, type Leases } from '../../../processor/budgets/leases.ts';
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
  #told = false;
  #calls = 0;

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
      begun: () => (this.#told = true),
    });
  }

  /** Loses what was granted. */
  restart(): void {
    this.#leases = this.#restarted(LEASE_MS);
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
    const divisor = this.#leases.join(at.state.instance) ? '40' : null;
    at.tell('snapshot', { now_ms: this.nowMs, starter_divisor: divisor, rules: [leasedRule], rates });
    if (this.#told || this.ledger >= CAP / 4n) at.tell('keys', { keys: [[0, 0, String(this.ledger), ['acme']]] });
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
    if (this.#told || this.ledger >= CAP / 4n)
      for (const { stage: at } of this.guards) at.tell('delta', { keys: [[0, 0, String(this.ledger), ['acme']]] });
  }

  /** @param lost the answer */
  ask(index: number, all: boolean, lost = false): void {
    const { state } = this.guards[index % this.guards.length]?.stage ?? {};
    if (state === undefined) return;
    if (all) state.sweepLeases();
    const claims = readClaims({ instance: state.instance, claims: state.leases.claims(all) });
    const answer = grantsJson(this.#leases.ask(claims.instance, claims.claims));
    if (!lost) state.leases.take(readGrants(answer), state.steadyMs);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const { stage: at } of this.guards) {
      at.pass(ms);
      at.state.heard();
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
    arbitrary: fc.tuple(index, fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 100 })).map(
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
    arbitrary: fc.nat({ max: 5 }).map(
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
);

describe('leases of a dollar', () => {
  it('what is spent and held back together never is more than the cap, whoever comes, goes and is not heard', () => {
    let refused = 0;
    let passed = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 200, maxLength: 400, size: 'max' }), (steps) => {
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

  it('what others may spend without asking is not granted, as long as they may not know of it', () => {
    const scene = new Scene();
    scene.start();
    scene.start();
    scene.begin(0, 1000, 1);
    scene.ask(0, false);
    scene.guards[0]?.stage.tell('delta', { keys: [[0, 0, '0', ['acme']]] });
    for (let tries = 0; tries < 400; tries++) if (!scene.begin(0, 1000, 1)) scene.ask(0, false);
    expect(scene.most).toBeGreaterThan(CAP - CAP / 40n - cost(1000));
    expect(Array.from({ length: 10 }, () => scene.begin(1, 1000, 1)).filter(Boolean)).toHaveLength(4);
    expect(scene.most).toBeLessThanOrEqual(CAP);
  });

  it('a call that may cost more than is left is refused until the period is over', () => {
    const scene = new Scene();
    scene.start();
    const refusal = (): unknown => scene.guards[0]?.stage.guard.admit(call(250_000))?.refusal;
    expect(refusal()).toMatchObject({ resetAt: new Date(Date.UTC(2026, 11, 1)), retryAfterMs: undefined });
    scene.ask(0, false);
    expect(refusal()).toBeDefined();
  });

  it('a lease ends when it is not renewed; what it held may be asked for by others once no call can be open', () => {
    const scene = new Scene();
    scene.start();
    scene.start();
    scene.begin(0, 100_000, 100);
    scene.ask(0, false);
    expect(scene.begin(0, 100_000, 100)).toBe(true);
    scene.pass(LEASE_MS);
    expect(scene.begin(0, 1, 1)).toBe(false);
    scene.crash(0);
    const wants = (): boolean => {
      scene.begin(0, 100_000, 100);
      scene.ask(0, false);
      return scene.begin(0, 100_000, 100);
    };
    expect(wants()).toBe(false);
    scene.pass(16 * 60_000);
    expect(wants()).toBe(true);
  });

  it('a processor that was restarted grants nothing until those who hold leases had the time to say so', () => {
    const scene = new Scene();
    scene.start();
    scene.begin(0, 100_000, 100);
    scene.ask(0, false);
    expect(scene.begin(0, 100_000, 100)).toBe(true);
    scene.restart();
    scene.start();
    scene.begin(1, 1000, 100);
    scene.ask(1, false);
    expect(scene.begin(1, 1000, 100)).toBe(false);
    scene.ask(0, true);
    scene.pass(LEASE_MS);
    scene.begin(1, 150_000, 100);
    scene.ask(1, false);
    // Half a dollar is held by the first: there are not three quarters.
    expect(scene.begin(1, 150_000, 100)).toBe(false);
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

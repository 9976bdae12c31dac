import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd } from '../../pricing/money.ts';
import { loadPriceBook } from '../../pricing/index.ts';
import { createIngest } from '../../processor/ingest.ts';
import type { Appended, Ledger } from '../../processor/ledger.ts';
import { createCounters, type Counters } from '../../processor/metrics.ts';
import { readTraces } from '../../processor/otlp/index.ts';
import { createCommit } from '../../processor/stages/commit.ts';
import { entryOf } from '../../processor/stages/entry-text.ts';
import { createSettling, type Settling } from '../../processor/stages/settling.ts';
import { chatSpan, encodeJson, encodeProtobuf, request, tokens, type TestSpan } from '../support/otlp.ts';

const prices = loadPriceBook();
const EVERYTHING = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER } as const;
const MINUTE = 60_000_000;
const START = 1_790_000_000_000_000_000n;

interface Processor {
  readonly send: (...spans: readonly TestSpan[]) => Promise<void>;
  readonly sweep: Settling['sweep'];
  readonly counters: Counters;
  readonly seen: readonly Appended[];
}

/** Ledgers of one store, as several processors have them; one where there can only be one. */
export type NewLedgers = () => Promise<readonly [Ledger, ...Ledger[]]>;

/** A clock that is moved by hand, and processors on one store. */
async function startOn(newLedgers: NewLedgers) {
  const clock = { now: 1_800_000_000_000_000 };
  const ledgers = await newLedgers();
  const [ledger] = ledgers;
  let started = 0;
  const processor = (json = false): Processor => {
    const shared = ledgers[started++ % ledgers.length] ?? ledger;
    const counters = createCounters();
    const seen: Appended[] = [];
    const observe = (appended: readonly Appended[]): void => void seen.push(...appended);
    const settling = createSettling({ ledger: shared, prices, counters, observe, now: () => clock.now });
    const ingest = createIngest({
      prices,
      commit: createCommit(shared),
      settling,
      exporter: undefined,
      observers: [observe],
      counters,
    });
    const encode = json ? encodeJson : encodeProtobuf;
    const encoding = json ? 'json' : 'protobuf';
    const send = async (...spans: readonly TestSpan[]): Promise<void> => {
      await ingest(readTraces(encode(request(...spans)), encoding));
    };
    return { send, sweep: () => settling.sweep(), counters, seen };
  };
  const settle = async (...processors: readonly Processor[]): Promise<void> => {
    clock.now += 3 * MINUTE;
    await Promise.all(processors.map(({ sweep }) => sweep()));
  };
  const total = async (): Promise<string> => formatUsd((await ledger.derive(EVERYTHING)).total);
  return { ledger, clock, processor, settle, total };
}

interface Place {
  readonly id: string;
  readonly parent?: string;
  /** Seconds after the start. */
  readonly from?: number;
  readonly to?: number;
  readonly trace?: number;
}

function place({ id, parent, from = 0, to = 10, trace = 1 }: Place): Partial<TestSpan> {
  return {
    traceId: trace.toString(16).padStart(32, 'a'),
    spanId: hex(id),
    ...(parent === undefined ? {} : { parentSpanId: hex(parent) }),
    start: START + BigInt(from) * 1_000_000_000n,
    end: START + BigInt(to) * 1_000_000_000n,
  };
}

function hex(id: string): string {
  return Buffer.from(id.padEnd(8, '.')).toString('hex').slice(0, 16);
}

/** $0.004 (800 in, 200 out). */
const call = (where: Place, more: Parameters<typeof chatSpan>[1] = {}): TestSpan => ({
  ...chatSpan(1, more),
  ...place(where),
});
/** $0.008 if it were charged. */
const agent = (where: Place, more: Parameters<typeof chatSpan>[1] = {}): TestSpan => ({
  ...chatSpan(1, {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.usage.input_tokens': tokens(1600),
    'gen_ai.usage.output_tokens': tokens(400),
    ...more,
  }),
  ...place(where),
});
const other = (where: Place): TestSpan => ({ ...chatSpan(1), ...place(where), attributes: [['http.route', '/']] });

const marker: TestSpan = {
  ...place({ id: 'marker', parent: 'p', from: 1, to: 1 }),
  name: 'spanledger.call.started',
  attributes: Object.entries({
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.request.max_tokens': tokens(1000),
    'spanledger.customer_id': 'acme',
    'spanledger.call.span_id': hex('c'),
    'spanledger.call.start_unix_nano': String(START),
    'spanledger.call.input_tokens': tokens(400),
  }),
};

/** A tree of spans in which each of a node's children lies within it. */
interface Node {
  readonly kind: 'call' | 'agent' | 'other';
  readonly children: readonly Node[];
}
const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant('call' as const), children: fc.constant([]) }),
    fc.record({
      kind: fc.constantFrom('agent' as const, 'other' as const),
      children: fc.array(tie('tree'), { maxLength: 3 }),
    }),
  ),
}));

function spansOf(root: Node, trace: number): { spans: TestSpan[]; billable: number } {
  const spans: TestSpan[] = [];
  let billable = 0;
  const visit = (node: Node, parent: string | undefined, from: number, to: number): boolean => {
    const id = `s${spans.length}`;
    const where: Place = { id, from, to, trace, ...(parent === undefined ? {} : { parent }) };
    spans.push(node.kind === 'call' ? call(where) : node.kind === 'agent' ? agent(where) : other(where));
    const step = Math.floor((to - from - 2) / Math.max(1, node.children.length));
    const below = node.children.map((child, n) => visit(child, id, from + 1 + n * step, from + 1 + (n + 1) * step - 1));
    const covered = below.includes(true);
    if (node.kind === 'call') billable += 4;
    if (node.kind === 'agent' && !covered) billable += 8;
    return covered || node.kind !== 'other';
  };
  visit(root, undefined, 0, 1_000_000);
  return { spans, billable };
}

/** Every call of a trace once, whatever repeats it: on every store, with as many processors as it takes. */
export function settlingConformance(store: string, newLedgers: NewLedgers, numRuns: number): void {
  describe(`settling on ${store}`, () => {
    it('an agent without calls is charged once it is settled, and seen by who counts', async () => {
      const { processor, settle, total } = await startOn(newLedgers);
      const one = processor();
      await one.send(agent({ id: 'agent' }));
      await one.sweep();
      expect(await total()).toBe('0');
      await settle(one);
      expect(await total()).toBe('0.008');
      expect(one.seen).toMatchObject([{ inserted: true, entry: { operation: 'invoke_agent' } }]);
      expect(one.counters.get('settled_aggregates', 'charged')).toBe(1);
      await one.send(agent({ id: 'agent' }));
      await settle(one);
      expect(await total()).toBe('0.008');
    });

    it.each([
      ['in the same request', [[agent({ id: 'a' }), call({ id: 'c', parent: 'a' })]]],
      ['before it', [[call({ id: 'c', parent: 'a' })], [agent({ id: 'a' })]]],
      ['after it', [[agent({ id: 'a' })], [call({ id: 'c', parent: 'a' })]]],
      [
        'below spans of others',
        [[call({ id: 'c', parent: 'o' })], [other({ id: 'o', parent: 'a' })], [agent({ id: 'a' })]],
      ],
      ['with the span between them lost', [[call({ id: 'c', parent: 'o', from: 1, to: 9 })], [agent({ id: 'a' })]]],
      [
        'in an agent in an agent',
        [[call({ id: 'c', parent: 'b' }), agent({ id: 'b', parent: 'a' }), agent({ id: 'a' })]],
      ],
    ])('an agent is not charged when its call is known: %s', async (_, requests) => {
      for (const json of [false, true]) {
        const { processor, settle, total } = await startOn(newLedgers);
        const one = processor(json);
        for (const spans of requests) await one.send(...spans);
        await settle(one);
        expect(await total()).toBe('0.004');
      }
    });

    it('a call that comes late takes the agent back, exactly, also where it was repriced meanwhile', async () => {
      const { ledger, processor, settle, total } = await startOn(newLedgers);
      const one = processor();
      await one.send(agent({ id: 'a' }));
      await settle(one);
      const [charged] = await ledger.entries({ ...EVERYTHING, limit: 1 });
      if (charged === undefined) throw new Error('not charged');
      await ledger.adjust([{ of: charged, replacement: charged, id: 'reprice' }]);
      await one.send(call({ id: 'c', parent: 'a' }));
      expect(await total()).toBe('0.004');
      expect(one.counters.get('settled_aggregates', 'taken_back')).toBe(1);
      await one.send(call({ id: 'c', parent: 'a' }), agent({ id: 'a' }));
      await settle(one);
      expect(await total()).toBe('0.004');
    });

    it('parallel branches: the agent without calls is charged, the other is not', async () => {
      const { processor, settle, total } = await startOn(newLedgers);
      const one = processor();
      const branches = [call({ id: 'c', parent: 'b', from: 1, to: 3 }), agent({ id: 'b', parent: 'root' })];
      await one.send(...branches, agent({ id: 'a', parent: 'root' }), other({ id: 'root' }));
      await settle(one);
      expect(await total()).toBe('0.012');
    });

    it('of nested agents without calls the innermost is charged', async () => {
      const { processor, settle, total } = await startOn(newLedgers);
      const one = processor();
      await one.send(agent({ id: 'outer' }));
      await settle(one);
      await one.send(agent({ id: 'inner', parent: 'outer', from: 2, to: 5 }));
      await settle(one);
      expect(await total()).toBe('0.008');
    });

    it.each([
      [
        'a call that does not say what it used leaves it to the agent',
        { 'gen_ai.usage.input_tokens': '', 'gen_ai.usage.output_tokens': '' },
        '0.008',
      ],
      ['one that says is enough', {}, '0.004'],
    ])('%s', async (_, usage, expected) => {
      const { processor, settle, total } = await startOn(newLedgers);
      const one = processor();
      await one.send(agent({ id: 'a' }), call({ id: 'c', parent: 'a' }, usage));
      await settle(one);
      expect(await total()).toBe(expected);
    });

    it.each([
      [
        'a span that asks again for an answer',
        [agent({ id: 'f' }, { 'gen_ai.operation.name': 'fetch_response' })],
        'polling',
      ],
      ['an agent without a trace', [{ ...agent({ id: 'a' }), traceId: '' }], 'no_trace'],
      ['what is inside a call', [call({ id: 'c' }), agent({ id: 'a', parent: 'c' })], 'inside_call'],
      [
        'one that tells the answer of a call beside it',
        [
          call({ id: 'c', from: 20, to: 30 }, { 'gen_ai.response.id': 'r' }),
          agent({ id: 'a' }, { 'gen_ai.response.id': 'r' }),
        ],
        'same_answer',
      ],
    ])('%s is not charged', async (_, spans, reason) => {
      const { processor, settle, total } = await startOn(newLedgers);
      const one = processor();
      await one.send(...spans);
      await settle(one);
      expect(await total()).toBe(spans.length === 1 ? '0' : '0.004');
      expect(one.counters.get('settled_aggregates', reason)).toBe(1);
    });

    it('outlives a restart, and is seen by another processor', async () => {
      const { processor, settle, total } = await startOn(newLedgers);
      await processor().send(agent({ id: 'a', trace: 1 }), agent({ id: 'b', trace: 2 }));
      await processor().send(call({ id: 'c', parent: 'b', from: 1, to: 2, trace: 2 }));
      await settle(processor(), processor());
      expect(await total()).toBe('0.012');
      await processor().send(call({ id: 'c', parent: 'a', from: 1, to: 2, trace: 1 }));
      expect(await total()).toBe('0.008');
    });

    it('a processor that ends in the middle of a sweep leaves nothing undone', async () => {
      const { ledger, clock, processor, settle, total } = await startOn(newLedgers);
      await processor().send(agent({ id: 'a' }));
      clock.now += 3 * MINUTE;
      // Charged, and then killed before it could say so.
      const [held] = await ledger.window.claim({ now: clock.now, until: clock.now + 1, limit: 1 });
      if (held === undefined) throw new Error('not held');
      await ledger.window.mark([held], { state: 'charging', dueUs: clock.now });
      await ledger.append([entryOf((JSON.parse(held.body) as { entry: string }).entry)]);
      await processor().send(call({ id: 'c', parent: 'a' }));
      await settle(processor());
      expect(await total()).toBe('0.004');
    });

    it('what is charged is forgotten in the end', async () => {
      const { ledger, clock, processor, settle } = await startOn(newLedgers);
      const one = processor();
      await one.send(agent({ id: 'a' }));
      await settle(one);
      clock.now += 25 * 60 * MINUTE;
      await one.sweep();
      expect(await ledger.window.ofTraces([place({ id: 'a' }).traceId ?? ''])).toEqual([]);
    });

    it('a call that is announced is open until its span comes, and is charged once', async () => {
      const { ledger, processor, settle, total } = await startOn(newLedgers);
      const one = processor();
      await one.send(marker);
      const [open] = await ledger.window.openCalls(9);
      expect(open).toMatchObject({ spanId: hex('c'), startUs: Number(START / 1000n), state: 'waiting' });
      expect(JSON.parse(open?.body ?? '')).toMatchObject({ maxOutputTokens: 1000 });
      await one.send(call({ id: 'c', parent: 'p' }));
      expect(await ledger.window.openCalls(9)).toEqual([]);
      await settle(one);
      expect(await total()).toBe('0.004');
      expect(one.counters.get('open_calls', 'ended')).toBe(1);
    });

    it('one whose end never comes is charged by estimate; its end, should it come, replaces that', async () => {
      const { ledger, clock, processor, total } = await startOn(newLedgers);
      const one = processor();
      await one.send(marker);
      clock.now += 16 * MINUTE;
      await one.sweep();
      expect(await total()).toBe('0.001');
      const [estimate] = await ledger.entries({ ...EVERYTHING, limit: 1 });
      expect(estimate).toMatchObject({
        usageState: 'estimated',
        error: 'not_ended',
        dimensions: { customer_id: 'acme' },
      });
      for (let n = 0; n < 2; n++) {
        await processor().send(call({ id: 'c', parent: 'p' }));
        expect(await total()).toBe('0.004');
      }
      expect(
        (await ledger.find(place({ id: 'c' }).traceId ?? '', hex('c'))).map(({ usageState }) => usageState),
      ).toEqual(['estimated', 'estimated', 'reported']);
    });

    it('a marker that comes after its call changes nothing', async () => {
      const { clock, processor, total } = await startOn(newLedgers);
      const one = processor();
      await one.send(call({ id: 'c', parent: 'p' }));
      await one.send(marker, { ...marker, attributes: [['spanledger.call.span_id', 'none']] });
      clock.now += 16 * MINUTE;
      await one.sweep();
      expect(await total()).toBe('0.004');
    });

    it('the sum over a trace is that of its billable leaves, however it is cut, ordered, repeated and interrupted', async () => {
      const { processor, settle, total, clock } = await startOn(newLedgers);
      let trace = 1;
      let expected = 0;
      await fc.assert(
        fc.asyncProperty(
          tree,
          fc.infiniteStream(fc.nat()),
          fc.integer({ min: 1, max: 6 }),
          fc.constantFrom('end', 'often'),
          async (root, random, size, pause) => {
            const { spans, billable } = spansOf(root, ++trace);
            expected += billable;
            const rank = new Map(spans.map((span) => [span, random.next().value ?? 0]));
            const resent = spans.filter((span) => (rank.get(span) ?? 0) % 3 === 0);
            const order = [...spans, ...resent].toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
            let one = processor();
            for (let at = 0; at < order.length; at += size) {
              await one.send(...order.slice(at, at + size));
              if (pause === 'often') await settle(one);
              if ((random.next().value ?? 0) % 5 === 0) one = processor();
            }
            await settle(one);
            await settle(one);
            clock.now += MINUTE;
            expect(await total()).toBe(formatUsd(BigInt(expected) * 1_000_000_000_000n));
          },
        ),
        { numRuns },
      );
    });
  });
}

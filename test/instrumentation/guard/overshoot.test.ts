import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Admission, OutgoingCall } from '../../../instrumentation/guard/guard.ts';
import { formatUsd, parseUsd } from '../../../pricing/money.ts';
import { END, femto, rates, rule, stage, type Stage } from './support.ts';

/** A call of `plain`: 1,000 tokens in and 1,000 out are 0.6 cents, and as much is held back. */
const COST = parseUsd('0.006');
const LIMIT = parseUsd('1');
const TICK_MS = 100;
/** The way of a span to the processor, and of the state from there. */
const AGE_MS = 1200;

function call(more: Partial<OutgoingCall> = {}): OutgoingCall {
  const { model = 'plain' } = more;
  return {
    dimensions: { customer_id: 'acme', provider: 'openai', model },
    ids: {},
    provider: 'openai',
    model,
    maxTokens: 1000,
    inputTokens: () => 1000,
    ...more,
  };
}

const used = { input: 1000, output: 1000 };

interface Open {
  readonly admission: Admission | undefined;
  readonly endsMs: number;
}

/**
 * Instances that share a dollar, each with a new call every 100 ms that takes `callMs`. All of them are told what was
 * spent 1.2 s before.
 *
 * @returns what was spent in the end
 */
function spend(instances: number, callMs: number): bigint {
  const stages: readonly Stage[] = Array.from({ length: instances }, () => stage([rule()]));
  const open: Open[][] = stages.map(() => []);
  const spentAt: bigint[] = [];
  let spent = 0n;
  for (let nowMs = 0; nowMs < 60_000; nowMs += TICK_MS) {
    spentAt.push(spent);
    const told = spentAt[spentAt.length - 1 - AGE_MS / TICK_MS] ?? 0n;
    for (const [index, at] of stages.entries()) {
      const calls = open[index] ?? [];
      if (told >= parseUsd('0.25')) at.tell('delta', { keys: [[0, 0, femto(formatUsd(told)), ['acme']]] });
      for (let [first] = calls; first !== undefined && first.endsMs <= nowMs; [first] = calls) {
        first.admission?.ended(used, 'plain');
        spent += COST;
        calls.shift();
      }
      const admission = at.guard.admit(call());
      if (admission?.refusal === undefined) calls.push({ admission, endsMs: nowMs + callMs });
      at.pass(TICK_MS);
    }
  }
  expect(open.flat()).toEqual([]);
  return spent;
}

/** The bound of docs/guard.md: instances × (open calls + spend in the age of the state). */
function bound(instances: number, callMs: number): bigint {
  const calls = (callMs + AGE_MS) / TICK_MS;
  return BigInt(instances) * BigInt(calls) * COST;
}

const rows: readonly (readonly [instances: number, seconds: number])[] = [
  [1, 0.5],
  [1, 5],
  [2, 0.5],
  [2, 5],
  [4, 0.5],
  [4, 5],
];

describe('instances that share a dollar without knowing of one another', () => {
  const table = rows.map(([instances, seconds]) => {
    const over = spend(instances, seconds * 1000) - LIMIT;
    return { instances, seconds, over, most: bound(instances, seconds * 1000) };
  });

  it.each(table)('$instances, calls of $seconds s: within the bound', ({ instances, over, most }) => {
    expect(over).toBeLessThanOrEqual(instances === 1 ? COST : most);
    if (instances === 4) expect(over).toBeGreaterThan(COST);
  });

  it('docs/guard.md has these figures', () => {
    const lines = table.map(
      ({ instances, seconds, over, most }) =>
        `| ${instances} | ${seconds} s | ${formatUsd(over > 0n ? over : 0n)} USD | ${formatUsd(instances === 1 ? COST : most)} USD |`,
    );
    const docs = readFileSync(new URL('../../../docs/guard.md', import.meta.url), 'utf8');
    const written = docs.split('\n').filter((line) => /^\| \d+ \| [\d.]+ s \|/.test(line));
    expect(written).toEqual(lines);
  });
});

it('of 20 first calls at once of a customer that nobody knows, those pass that the budget holds', () => {
  const limits = [{ value: femto('0.05'), level: '100%', action: { kind: 'cap' } }];
  const { guard } = stage([rule({ terms: [{ match: [], amount: femto('0.05'), floor: '0', limits }] })]);
  const made = Array.from({ length: 20 }, () => guard.admit(call()));
  // 8 × 0.6 cents are 4.8; a ninth would be 5.4.
  expect(made.filter((admission) => admission?.refusal === undefined)).toHaveLength(8);
});

it('one call that is too large passes while anything is left, nothing passes beside it, and nothing after it', () => {
  const at = stage([rule()]);
  const large = at.guard.admit(call({ maxTokens: 1_000_000 }));
  expect(large?.refusal).toBeUndefined();
  expect(at.guard.admit(call())?.refusal).toMatchObject({ retryAfterMs: 1000 });
  large?.ended({ input: 1000, output: 1_000_000 }, 'plain');
  expect(at.guard.admit(call())?.refusal).toMatchObject({ budget: 'customers', resetAt: new Date(END) });
});

it('a free model is never replaced by one that is paid for', () => {
  const limits = [{ value: '0', level: '50%', action: { kind: 'throttle', to: 'cheap' } }];
  const at = stage(undefined);
  const free = {
    ...rates[0],
    model: 'free',
    as: { provider: 'openai', model: 'free' },
    units: { input: '0', output: '0' },
  };
  const rules = [rule({ terms: [{ match: [], amount: '0', floor: '0', limits }] })];
  at.tell('snapshot', { now_ms: at.state.nowMs, rules, rates: [...rates, free] });
  at.tell('ready', {});
  const admission = at.guard.admit(call({ model: 'free' }));
  expect(admission?.refusal).toBeUndefined();
  expect(admission?.model).toBeUndefined();
  expect(at.guard.counts.no_fallback).toBe(1);
  // The same budget does replace a model that costs more.
  expect(at.guard.admit(call())?.model).toBe('cheap');
});

it('the month of Berlin, in which clocks are set back, ends at its own midnight', () => {
  // October 2026 in Berlin: from 30 September, 22:00 UTC (UTC+2), to 31 October, 23:00 UTC (UTC+1).
  const [start, end, next] = [Date.UTC(2026, 8, 30, 22), Date.UTC(2026, 9, 31, 23), Date.UTC(2026, 10, 30, 23)];
  const at = stage(undefined);
  at.tell('snapshot', {
    now_ms: end - 1000,
    rules: [rule({ period: { start_ms: start, end_ms: end, next_end_ms: next } })],
    rates,
  });
  at.tell('ready', {});
  at.tell('delta', { keys: [[0, 0, femto('1'), ['acme']]] });
  expect(at.guard.admit(call())?.refusal).toMatchObject({ resetAt: new Date(end) });
  at.pass(999);
  expect(at.guard.admit(call())?.refusal).toBeDefined();
  at.pass(1);
  expect(at.guard.admit(call())?.refusal).toBeUndefined();
});

/**
 * What the guard costs a call: `npm run bench -- guard`, with 100,000 keys of three budgets in memory, each call decided about,
 * reserved and settled; and what it costs where no budget acts.
 */
import type { OutgoingCall } from '../../instrumentation/guard/guard.ts';
import { stage, rule, femto } from '../instrumentation/guard/support.ts';

const keys = Number(process.argv[2] ?? 100_000);
const calls = 200_000;
const mostUs = 5;
const mostP99Us = 50;

const call = (customer: string): OutgoingCall => ({
  dimensions: {
    customer_id: customer,
    feature: 'chat',
    plan: 'pro',
    provider: 'openai',
    model: 'plain',
    tier: 'standard',
  },
  ids: {},
  provider: 'openai',
  model: 'plain',
  maxTokens: 1000,
  inputTokens: () => 1000,
});
const used = { input: 1000, output: 500 };

const { guard, state, tell } = stage([
  rule(),
  rule({ budget: 'pro', match: [{ name: 'plan', op: '=~', value: 'pro|enterprise' }] }),
  rule({ budget: 'daily', unit: 'requests', terms: [{ match: [], amount: '1000000', floor: '0', limits: [] }] }),
]);
for (let from = 0; from < keys; from += 1000)
  tell('delta', {
    keys: Array.from({ length: 1000 }, (_, at) =>
      [0, 1, 2].map((place) => [place, 0, femto('0.3'), [`customer-${from + at}`]]),
    ).flat(),
  });
const customers = Array.from({ length: calls }, (_, at) => call(`customer-${(at * 7919) % keys}`));

function measure(decide: (call: OutgoingCall) => void): { readonly middleUs: number; readonly p99Us: number } {
  const took = new Float64Array(calls);
  for (const each of customers.slice(0, 20_000)) decide(each);
  for (const [at, each] of customers.entries()) {
    const begun = performance.now();
    decide(each);
    took[at] = performance.now() - begun;
  }
  // The middle, not the mean: what else runs on the machine is not the guard's.
  const sorted = took.toSorted();
  const at = (share: number): number => (sorted[Math.floor(calls * share)] ?? 0) * 1000;
  return { middleUs: at(0.5), p99Us: at(0.99) };
}

const before = state.accounts.reduce((sum, { size }) => sum + size, 0);
if (before !== keys * 3) throw new Error(`${before} keys are known, not ${keys * 3}`);
const full = measure((each) => {
  const admission = guard.admit(each);
  if (admission === undefined || admission.refusal !== undefined) throw new Error('a call was not let pass');
  admission.ended(used, 'plain');
});
if (guard.open !== 0) throw new Error(`${guard.open} calls hold something back`);
const idle = stage([]).guard;
const none = measure((each) => void idle.admit(each));

const us = (value: number): string => `${value.toFixed(2)} µs`;
console.log(
  `${(keys * 3).toLocaleString('en-US')} keys of 3 budgets: ${us(full.middleUs)} a call (at most ${mostUs} µs), p99 ${us(full.p99Us)} (at most ${mostP99Us} µs)`,
);
console.log(`no budget that acts:      ${us(none.middleUs)} a call, p99 ${us(none.p99Us)}`);
if (full.middleUs > mostUs || full.p99Us > mostP99Us) process.exitCode = 1;

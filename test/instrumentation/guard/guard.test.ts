import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Admission, OutgoingCall } from '../../../instrumentation/guard/guard.ts';
import { judge, rank } from '../../../instrumentation/guard/verdict.ts';
import type { Limit } from '../../../instrumentation/guard/wire.ts';
import { femto, NEXT_END, END, rule, stage, type Stage } from './support.ts';

/** 1,000 and at most 1,000 tokens: 0.6 cents of `plain`. */
function call(customer: string, more: Partial<OutgoingCall> & { readonly plan?: string } = {}): OutgoingCall {
  const { model = 'plain', plan = '' } = more;
  return {
    dimensions: { customer_id: customer, plan, provider: 'openai', model, tier: 'standard' },
    ids: {},
    provider: 'openai',
    model,
    maxTokens: 1000,
    inputTokens: () => 1000,
    ...more,
  };
}

const used = { input: 1000, output: 1000 };

function what(admission: Admission | undefined): string {
  if (admission === undefined) return 'nothing';
  return admission.refusal === undefined ? (admission.model ?? 'allow') : 'refused';
}

function told(at: Stage, spent: string, customer = 'acme'): void {
  at.tell('delta', { keys: [[0, 0, femto(spent), [customer]]] });
}

const throttling = (to: string, more: object = {}): object =>
  rule({
    terms: [
      {
        match: [],
        amount: femto('1'),
        floor: '0',
        limits: [
          { value: femto('0.5'), level: '50%', action: { kind: 'throttle', to } },
          { value: femto('1'), level: '100%', action: { kind: 'cap', message: 'Enough' } },
        ],
      },
    ],
    ...more,
  });

describe('what is said to a call', () => {
  it.each<[string, { rules?: readonly object[]; spent?: string; call?: OutgoingCall; mode?: string }, string]>([
    ['no budgets', { rules: [] }, 'nothing'],
    ['nothing spent', {}, 'allow'],
    ['less than all', { spent: '0.999999' }, 'allow'],
    ['all', { spent: '1' }, 'refused'],
    ['all, of somebody else', { spent: '1', call: call('other') }, 'allow'],
    ['all, in observation', { spent: '1', mode: 'observe' }, 'allow'],
    ['all, where only models are replaced', { spent: '1', mode: 'throttle' }, 'allow'],
    ['all, switched off', { spent: '1', mode: 'off' }, 'nothing'],
    [
      'a budget that has nothing to do with it',
      { rules: [rule({ match: [{ name: 'plan', op: '=', value: 'pro' }] })], spent: '1' },
      'allow',
    ],
    ['half, and a cheaper model', { rules: [throttling('cheap')], spent: '0.5' }, 'cheap'],
    ['all, and a cheaper model', { rules: [throttling('cheap')], spent: '1' }, 'refused'],
    ['a model that is dearer', { rules: [throttling('dear')], spent: '0.5' }, 'allow'],
    ['a model whose rates nobody knows', { rules: [throttling('strange')], spent: '0.5' }, 'allow'],
    ['the same model', { rules: [throttling('plain')], spent: '0.5' }, 'allow'],
    [
      'too long for the cheaper model',
      { rules: [throttling('cheap')], spent: '0.5', call: call('acme', { maxTokens: 1001 }) },
      'allow',
    ],
    [
      'the cheaper model is capped itself',
      {
        rules: [
          throttling('cheap'),
          rule({
            budget: 'free',
            by: [],
            match: [{ name: 'model', op: '=', value: 'cheap' }],
            terms: [
              { match: [], amount: '0', floor: '0', limits: [{ value: '0', level: '100%', action: { kind: 'cap' } }] },
            ],
          }),
        ],
        spent: '0.5',
      },
      'allow',
    ],
    [
      'an amount of 0',
      {
        rules: [
          rule({
            terms: [
              { match: [], amount: '0', floor: '0', limits: [{ value: '0', level: '100%', action: { kind: 'cap' } }] },
            ],
          }),
        ],
      },
      'refused',
    ],
    [
      'a window in which nobody is refused',
      { rules: [rule({ windows: [{ match: [], max_action: 'throttle', holds: [[0, NEXT_END]] }] })], spent: '1' },
      'allow',
    ],
    [
      'a window for others',
      {
        rules: [
          rule({
            windows: [
              { match: [{ name: 'plan', op: '=~', value: 'pro|max' }], max_action: 'throttle', holds: [[0, NEXT_END]] },
            ],
          }),
        ],
        spent: '1',
      },
      'refused',
    ],
    [
      'a window that is over',
      { rules: [rule({ windows: [{ match: [], max_action: 'throttle', holds: [[0, 1]] }] })], spent: '1' },
      'refused',
    ],
  ])('%s', (_name, { rules = [rule()], spent, call: made = call('acme'), mode = 'cap' }, expected) => {
    const at = stage(rules, { SPANLEDGER_GUARD: mode });
    if (spent !== undefined) told(at, spent);
    expect(what(at.guard.admit(made))).toBe(expected);
  });

  it('requests are counted one by one', () => {
    const limits = [{ value: '5', level: '100%', action: { kind: 'cap' } }];
    const at = stage([rule({ unit: 'requests', terms: [{ match: [], amount: '5', floor: '1', limits }] })]);
    const made = Array.from({ length: 7 }, () => {
      const admission = at.guard.admit(call('acme'));
      admission?.ended(used, 'plain');
      return what(admission);
    });
    expect(made).toEqual([...Array(5).fill('allow'), 'refused', 'refused']);
  });
});

describe('a model without a price', () => {
  const strange = { provider: 'openai', model: 'strange', as: { provider: 'openai', model: 'strange' } };
  const unpriced = {
    ...strange,
    units: { input: '100000000000', output: '200000000000' },
    priced: false,
    context: null,
  };
  const asks = call('acme', { model: 'strange' });

  it.each(['ignore', 'alert', 'worst-case', 'block'])('%s: passes as long as its rates are not known', (policy) => {
    expect(what(stage([rule({ unpriced: policy })]).guard.admit(asks))).toBe('allow');
  });

  it.each([
    ['ignore', 'cap', 'allow'],
    ['alert', 'cap', 'allow'],
    ['worst-case', 'cap', 'allow'],
    ['block', 'cap', 'refused'],
    ['block', 'observe', 'allow'],
    ['block', 'throttle', 'allow'],
  ])('%s in %s: %s', (policy, mode, expected) => {
    const at = stage([rule({ unpriced: policy })], { SPANLEDGER_GUARD: mode });
    at.tell('delta', { rates: [unpriced] });
    expect(what(at.guard.admit(asks))).toBe(expected);
    expect(what(at.guard.admit(call('acme')))).toBe('allow');
  });

  it('block: says why, and that it is of no use to try again', () => {
    const at = stage([rule({ unpriced: 'block' })]);
    at.tell('delta', { rates: [unpriced] });
    const refusal = at.guard.admit(asks)?.refusal;
    expect(refusal).toMatchObject({ budget: 'customers', retryAfterMs: undefined, resetAt: undefined });
    expect(refusal?.message).toContain('strange');
  });

  it('block: nothing is refused in a window that holds it back', () => {
    const windows = [{ match: [], max_action: 'throttle', holds: [[0, NEXT_END]] }];
    const at = stage([rule({ unpriced: 'block', windows })]);
    at.tell('delta', { rates: [unpriced] });
    expect(what(at.guard.admit(asks))).toBe('allow');
  });

  it('worst-case: is reserved and settled at the dearest rates, elsewhere at nothing', () => {
    const at = stage([rule({ unpriced: 'worst-case' }), rule({ budget: 'other' })]);
    at.tell('delta', { rates: [unpriced] });
    const open = at.guard.admit(asks);
    // 1,000 tokens at 0.0001 USD and 1,000 at 0.0002.
    expect(at.state.accounts.map((each) => each.open)).toEqual([BigInt(femto('0.3')), 0n]);
    open?.ended(used, 'strange');
    const settled = at.state.accounts.map((each) => each.standing({ customer_id: 'acme' })?.settled);
    expect(settled).toEqual([BigInt(femto('0.3')), 0n]);
  });

  it('never stands in for another, nor is another known to be cheaper', () => {
    const free = { ...unpriced, units: { input: '0', output: '0' } };
    const to = stage([throttling('strange')]);
    told(to, '0.5');
    to.tell('delta', { rates: [free] });
    expect(what(to.guard.admit(call('acme')))).toBe('allow');
    const from = stage([throttling('cheap')]);
    told(from, '0.5');
    from.tell('delta', { rates: [unpriced] });
    expect(what(from.guard.admit(asks))).toBe('allow');
  });
});

it('what a call may cost is held back until it is over, and then what it did cost until it is told', () => {
  const at = stage([rule()]);
  told(at, '0.98');
  const open = [1, 2, 3].map(() => at.guard.admit(call('acme')));
  expect(open.map(what)).toEqual(['allow', 'allow', 'allow']);
  const crowded = at.guard.admit(call('acme'));
  expect(crowded?.refusal).toMatchObject({ resetAt: undefined, retryAfterMs: 1000, spent: '0.98' });
  // An abort: half of it was used. An error: nothing.
  open[0]?.ended({ input: 1000, output: 400 }, 'plain');
  open[1]?.ended(undefined, undefined);
  open[2]?.ended(used, 'plain');
  open[2]?.ended(used, 'plain');
  expect(at.guard.open).toBe(0);
  expect(at.state.accounts[0]?.open).toBe(0n);
  const { decision } = at.guard.decide(
    {
      dimensions: { customer_id: 'acme' },
      provider: 'openai',
      model: 'plain',
      size: () => ({ input: 0, output: 4_000_000 }),
    },
    {},
    false,
  );
  expect(decision.action).toBe('allow');
  at.guard.admit(call('acme', { maxTokens: 1600 }))?.ended({ input: 1000, output: 1600 }, 'plain');
  // 0.98 + 0.003 + 0.006 + 0.009 are not a dollar yet.
  expect(what(at.guard.admit(call('acme')))).toBe('allow');
  told(at, '0.998');
  told(at, '1');
  expect(at.guard.admit(call('acme'))?.refusal).toMatchObject({ spent: '1', resetAt: new Date(END) });
});

it('a new period begins by itself; what is stale goes on, and fails closed where that is wished', () => {
  const at = stage([
    rule(),
    rule({ budget: 'strict', fail_mode: 'closed', match: [{ name: 'plan', op: '=', value: 'dev' }] }),
  ]);
  told(at, '1');
  expect(what(at.guard.admit(call('acme')))).toBe('refused');
  at.pass(61_000);
  expect(at.state.source).toBe('stale');
  expect(what(at.guard.admit(call('acme')))).toBe('refused');
  expect(what(at.guard.admit(call('other')))).toBe('allow');
  expect(at.guard.admit(call('other', { dimensions: { plan: 'dev' } }))?.refusal?.budget).toBe('strict');
  at.state.heard();
  expect(what(at.guard.admit(call('x', { dimensions: { plan: 'dev' } })))).toBe('allow');
  at.pass(END - at.state.nowMs);
  expect(what(at.guard.admit(call('acme')))).toBe('allow');
});

it('never heard: calls pass, unless that is told otherwise', () => {
  expect(what(stage(undefined).guard.admit(call('acme')))).toBe('nothing');
  const closed = stage(undefined, { SPANLEDGER_GUARD: 'cap', SPANLEDGER_GUARD_FAIL: 'closed' });
  expect(what(closed.guard.admit(call('acme')))).toBe('refused');
});

it('ceilings of a trace, a session and a task need nobody', () => {
  const env = {
    SPANLEDGER_GUARD: 'cap',
    SPANLEDGER_GUARD_PER_TRACE: '2 calls',
    SPANLEDGER_GUARD_PER_TASK: '3000 tokens',
  };
  const { guard } = stage(undefined, env);
  const one = (ids: OutgoingCall['ids']): string => {
    const admission = guard.admit(call('acme', { ids }));
    admission?.ended(used, 'plain');
    return admission?.refusal?.budget ?? 'allow';
  };
  expect([1, 2, 3].map(() => one({ trace: 'a' }))).toEqual(['allow', 'allow', 'ceiling:trace']);
  expect([1, 2, 3].map((id) => one({ trace: `t${id}`, task: 'x' }))).toEqual(['allow', 'allow', 'ceiling:task']);
  expect(one({ trace: 'b', session: 's' })).toBe('allow');
});

describe('properties', () => {
  const limit: fc.Arbitrary<Limit> = fc.record({
    value: fc.bigInt(0n, 100n),
    level: fc.constant(''),
    action: fc.constantFrom<Limit['action']>(
      { kind: 'cap', message: undefined, lease: false },
      { kind: 'throttle', to: 'cheap' },
    ),
  });
  const amount = fc.bigInt(0n, 120n);

  it('more spend never makes a verdict milder', () => {
    fc.assert(
      fc.property(
        fc.array(limit),
        amount,
        amount,
        amount,
        amount,
        amount,
        (limits, settled, more, unknown, open, own) => {
          const sorted = limits.toSorted((a, b) => Number(a.value - b.value));
          const terms = { match: [], amount: 100n, floor: 0n, limits: sorted };
          const strict = (spent: bigint): number => {
            const held = judge(terms, { settled: spent, unknown, open, own }, 'cap');
            return held === undefined ? 0 : rank(held.limit.action.kind);
          };
          expect(strict(settled + more)).toBeGreaterThanOrEqual(strict(settled));
        },
      ),
    );
  });

  it('reservations settle to nothing, whatever becomes of calls', () => {
    const end = fc.constantFrom('used', 'half', 'nothing', 'twice');
    fc.assert(
      fc.property(
        fc.array(fc.record({ customer: fc.constantFrom('a', 'b'), end, passMs: fc.nat(40 * 86_400_000) }), {
          maxLength: 20,
        }),
        (calls) => {
          const at = stage([rule(), rule({ budget: 'all', by: [] }), rule({ budget: 'calls', unit: 'requests' })]);
          const admissions = calls.map(({ customer }) => at.guard.admit(call(customer)));
          for (const [index, { end, passMs }] of calls.entries()) {
            at.pass(passMs);
            const counts = end === 'nothing' ? undefined : { ...used, output: end === 'half' ? 500 : 1000 };
            admissions[index]?.ended(counts, 'plain');
            if (end === 'twice') admissions[index]?.ended(counts, 'plain');
          }
          expect(at.guard.open).toBe(0);
          expect(at.state.accounts.map(({ open }) => open)).toEqual([0n, 0n, 0n]);
        },
      ),
    );
  });
});

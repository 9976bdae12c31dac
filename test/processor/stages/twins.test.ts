import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createOnce, type Told } from '../../../processor/stages/once.ts';
import { makeEntry } from '../../support/entries.ts';
import { makeSpan } from '../../support/span.ts';

interface Options {
  readonly scope?: string;
  /** Number of the span that is the parent. */
  readonly parent?: number;
  /** Seconds after the start. */
  readonly from?: number;
  readonly to?: number;
  readonly answer?: string;
  readonly model?: string;
  readonly input?: number;
  readonly output?: number;
  readonly cached?: number;
  readonly dialect?: string;
}

const START = 1_790_000_000_000_000;
const id = (n: number): string => n.toString(16).padStart(16, 'b');

/** A call of 800 in and 200 out, told by span `n`. */
function told(n: number, options: Options = {}): Told {
  const {
    scope = 'sdk',
    parent,
    from = 0,
    to = 10,
    answer = '',
    model = 'gpt-4o',
    input = 800,
    output = 200,
  } = options;
  const entry = makeEntry(n, {
    traceId: 'a'.repeat(32),
    spanId: id(n),
    startUs: START + from * 1_000_000,
    durationUs: (to - from) * 1_000_000,
    responseId: answer,
    sentModel: model,
    counts: { input, output, ...(options.cached === undefined ? {} : { cache_read: options.cached }) },
    dialect: options.dialect ?? 'otel-genai',
  });
  const parentSpanId = parent === undefined ? '' : id(parent);
  return { span: makeSpan({ traceId: entry.traceId, spanId: entry.spanId, parentSpanId, scope }), entry };
}

/** The numbers of the spans that are charged in the end, whatever the cuts. */
function charged(requests: readonly (readonly Told[])[]): string[] {
  const once = createOnce();
  const ledger = new Map<string, boolean>();
  for (const request of requests) {
    const { calls, outdone } = once.plan(request);
    for (const { spanId } of outdone) ledger.set(spanId, false);
    for (const { entry } of calls) if (!ledger.has(entry.spanId)) ledger.set(entry.spanId, true);
  }
  return [...ledger].flatMap(([spanId, counts]) => (counts ? [spanId] : [])).toSorted();
}

it.each<[string, Told, Told, number[]]>([
  ['a framework over a client library', told(1, { scope: 'framework' }), told(2, { parent: 1, from: 1, to: 9 }), [2]],
  ['the same library, patched twice', told(1), told(2, { parent: 1, from: 1, to: 9 }), [2]],
  [
    'a framework that does not know of the cache',
    told(1, { input: 3 }),
    told(2, { parent: 1, from: 1, to: 9, input: 3, cached: 797 }),
    [2],
  ],
  [
    'a check of the answer within it, of one word as well',
    told(1, { output: 1 }),
    told(2, { parent: 1, input: 9, output: 1 }),
    [1, 2],
  ],
  ['a gateway by its alias', told(1, { model: 'best' }), told(2, { parent: 1, from: 1, to: 9 }), [2]],
  ['two instrumentations beside each other', told(1, { scope: 'other' }), told(2, { from: 1, to: 9 }), [2]],
  [
    'asked for and served model',
    told(1, { scope: 'o', model: 'openai/gpt-4o' }),
    told(2, { model: 'gpt-4o-2024-08-06' }),
    [1],
  ],
  ['only one has the id of the answer', told(1, { scope: 'o', answer: 'r' }), told(2, { from: 1, to: 9 }), [2]],
  ['ours, whatever is below it', told(1, { dialect: 'spanledger' }), told(2, { parent: 1, from: 1, to: 9 }), [1]],
  ['two alike of one library', told(1), told(2), [1, 2]],
  ['one after the other', told(1, { scope: 'other' }), told(2, { from: 20, to: 30 }), [1, 2]],
  ['overlapping', told(1, { scope: 'other' }), told(2, { from: 5, to: 15 }), [1, 2]],
  ['other models', told(1, { scope: 'other', model: 'o3' }), told(2, { from: 1, to: 9 }), [1, 2]],
  ['other inputs', told(1, { scope: 'other', input: 801 }), told(2, { from: 1, to: 9 }), [1, 2]],
  ['other outputs, though one is the parent', told(1, { output: 201 }), told(2, { parent: 1, from: 1, to: 9 }), [1, 2]],
  ['other answers', told(1, { scope: 'o', answer: 'q' }), told(2, { parent: 1, answer: 'r' }), [1, 2]],
])('%s', (_, one, other, expected) => {
  const ids = expected.map(id);
  expect(charged([[one], [other]])).toEqual(ids);
  expect(charged([[other], [one]])).toEqual(ids);
  expect(charged([[other, one]])).toEqual(ids);
  expect(charged([[one, one, other], [one], [other]])).toEqual(ids);
});

it('calls that are alike and made at once are as many as one scope tells, however they come', () => {
  const calls = [1, 2, 3].flatMap((n) => [
    told(n, { scope: 'agent framework', from: 0, to: 100 }),
    told(10 + n, { scope: 'framework', parent: n, from: 1, to: 99 }),
    told(20 + n, { scope: 'client library', parent: 10 + n, from: 2, to: 90 + n, answer: `answer-${n}` }),
  ]);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(calls, { minLength: calls.length }),
      fc.array(fc.constantFrom(...calls), { maxLength: 9 }),
      fc.integer({ min: 1, max: 6 }),
      (order, resent, size) => {
        const all = [...order, ...resent];
        const requests = Array.from({ length: Math.ceil(all.length / size) }, (_, n) =>
          all.slice(n * size, (n + 1) * size),
        );
        expect(charged(requests)).toHaveLength(3);
      },
    ),
  );
});

it('a plan that was not carried out leaves no trace', () => {
  const once = createOnce();
  const [outer, innermost] = [told(1, { scope: 'framework' }), told(2, { parent: 1, from: 1, to: 9 })];
  once.plan([outer]);
  once.plan([innermost]).undo();
  const again = once.plan([innermost]);
  expect([again.calls, again.outdone]).toEqual([[innermost], [outer.entry]]);
});

it.each([
  ['openinference', 'x', false],
  ['otel-genai', 'x', true],
])('what the ledger remembers is known by its dialect: %s', (dialect, scope, isOutdone) => {
  const once = createOnce();
  const before = told(1, { dialect: 'openinference' });
  once.recall([before.entry]);
  const { calls, outdone } = once.plan([told(2, { from: 1, to: 9, dialect, scope })]);
  expect([calls.length, outdone]).toEqual([1, isOutdone ? [before.entry] : []]);
});

it('ten thousand short answers in one trace are looked through quickly, and are that many', () => {
  const once = createOnce();
  const all = Array.from({ length: 10_000 }, (_, n) => told(n, { output: 1, input: 9 }));
  expect(once.plan(all).calls).toHaveLength(10_000);
});

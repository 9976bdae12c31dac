import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createOnce, type Once, type Told } from '../../../processor/stages/once.ts';
import { makeEntry } from '../../support/entries.ts';
import { makeSpan } from '../../support/span.ts';

/** Of trace `t`, the answer `id`, told by span `n`. */
function told(n: number, id: string, more: { seconds?: number; dialect?: string; kind?: number } = {}): Told {
  const { seconds = 1, dialect = 'otel-genai', kind = 3 } = more;
  const entry = makeEntry(n, { traceId: 'a'.repeat(32), responseId: id, durationUs: seconds * 1_000_000, dialect });
  return { span: makeSpan({ traceId: entry.traceId, spanId: entry.spanId, kind }), entry };
}

/** What is charged in the end, when every plan is carried out. */
function charged(once: Once, requests: readonly (readonly Told[])[]): string[] {
  const ledger = new Map<string, boolean>();
  for (const request of requests) {
    const { calls, outdone } = once.plan(request);
    for (const { spanId } of outdone) ledger.set(spanId, false);
    // As a ledger: what was taken back is not brought back by a resend.
    for (const { entry } of calls) if (!ledger.has(entry.spanId)) ledger.set(entry.spanId, true);
  }
  return [...ledger].flatMap(([spanId, counts]) => (counts ? [spanId] : [])).toSorted();
}

it.each([
  ['the innermost', told(1, 'r', { seconds: 3 }), told(2, 'r', { seconds: 2 })],
  ['ours, whatever is below it', told(1, 'r', { seconds: 1 }), told(2, 'r', { seconds: 2, dialect: 'spanledger' })],
  ['the client, where both took as long', told(1, 'r', { kind: 1 }), told(2, 'r', { kind: 3 })],
])('charges %s', (_, worse, better) => {
  expect(charged(createOnce(), [[worse], [better]])).toEqual([better.entry.spanId]);
  expect(charged(createOnce(), [[better], [worse]])).toEqual([better.entry.spanId]);
  expect(charged(createOnce(), [[worse, better]])).toEqual([better.entry.spanId]);
});

it('does not depend on how spans are cut into requests, in which order they come and how often', () => {
  const spans = [1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
    told(n, `answer-${n % 3}`, { seconds: (n * 5) % 7, kind: n % 2 === 0 ? 3 : 1 }),
  );
  const expected = charged(createOnce(), [spans]);
  expect(expected).toHaveLength(3);
  const order = fc.array(fc.constantFrom(...spans), { maxLength: 20 }).map((resent) => spans.concat(resent));
  fc.assert(
    fc.property(
      order.chain((all) => fc.shuffledSubarray(all, { minLength: all.length })),
      fc.integer({ min: 1, max: 5 }),
      (shuffled, size) => {
        const requests = Array.from({ length: Math.ceil(shuffled.length / size) }, (_, index) =>
          shuffled.slice(index * size, (index + 1) * size),
        );
        expect(charged(createOnce(), requests)).toEqual(expected);
      },
    ),
  );
});

it('a span that is there twice is outdone twice', () => {
  const [worse, better] = [told(1, 'r', { seconds: 3 }), told(2, 'r', { seconds: 2 })];
  const { calls, nested, outdone } = createOnce().plan([worse, { ...worse, span: { ...worse.span } }, better]);
  expect([calls, nested.length, outdone]).toEqual([[better], 2, []]);
});

it('a plan that was not carried out leaves no trace', () => {
  const once = createOnce();
  const [outer, innermost] = [told(1, 'r', { seconds: 3 }), told(2, 'r', { seconds: 2 })];
  once.plan([outer]);
  once.plan([innermost]).undo();
  const again = once.plan([innermost]);
  expect([again.calls, again.outdone]).toEqual([[innermost], [outer.entry]]);
});

it('other traces, other answers, and calls without an answer or usage are apart', () => {
  const elsewhere = told(2, 'r');
  const calls = [
    told(1, 'r'),
    { ...elsewhere, entry: { ...elsewhere.entry, traceId: 'b'.repeat(32) } },
    told(3, 's'),
    told(4, ''),
    told(5, ''),
    { ...told(6, 'r'), entry: makeEntry(6, { traceId: 'a'.repeat(32), responseId: 'r', counts: {} }) },
  ];
  expect(createOnce().plan(calls).calls).toHaveLength(calls.length);
});

it('its memory is bounded', () => {
  const once = createOnce(2);
  for (const [n, id] of ['a', 'b', 'c'].entries()) once.plan([told(n, id)]);
  // 'a' is forgotten, 'c' is not.
  expect(once.plan([told(9, 'a', { seconds: 2 })]).nested).toHaveLength(0);
  expect(once.plan([told(9, 'c', { seconds: 2 })]).nested).toHaveLength(1);
});

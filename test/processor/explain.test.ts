import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadPriceBook } from '../../pricing/index.ts';
import { explainAll, explanationJson } from '../../processor/explain.ts';
import { explanationText } from '../../processor/commands/explain.ts';
import { readLogs, type Span } from '../../processor/otlp/index.ts';
import { makeSpan } from '../support/span.ts';

const book = loadPriceBook();
const TRACE = 'a'.repeat(32);
const id = (n: number): string => String(n).repeat(16);
const used = {
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.usage.input_tokens': 800,
  'gen_ai.usage.output_tokens': 200,
};
const span = (n: number, operation: string, parent?: number, more: Readonly<Record<string, string>> = {}): Span =>
  makeSpan({
    traceId: TRACE,
    spanId: id(n),
    parentSpanId: parent === undefined ? '' : id(parent),
    attributes: { ...used, 'gen_ai.operation.name': operation, ...more },
  });
const call = span(1, 'chat', 2);
const agent = span(2, 'invoke_agent');
const workflow = span(3, 'invoke_workflow');
const event = (spanId: string): Span[] =>
  readLogs(
    Buffer.from(
      readFileSync(join(import.meta.dirname, '../fixtures/otlp/otel-genai-log.plain.logs.json'), 'utf8').replace(
        /"traceId":"[^"]*","spanId":"[^"]*"/,
        `"traceId":"${TRACE}","spanId":"${spanId}"`,
      ),
    ),
    'json',
  ).records.slice();

it.each<[string, Span[], Span[], string[]]>([
  ['a call', [call], [], ['0.004']],
  ['a call that was sent twice', [call, { ...call }], [], ['0.004', 'nested']],
  ['an agent over a call', [call, agent], [], ['0.004', 'which is charged']],
  ['an agent alone', [agent], [], ['0.004']],
  ['a workflow over an agent', [span(2, 'invoke_agent', 3), workflow], [], ['0.004', 'which is charged']],
  ['polling', [span(1, 'fetch_response')], [], ['it asks again']],
  ['an agent in no trace', [{ ...agent, traceId: '' }], [], ['in no trace']],
  ['a call told by two libraries', [call, span(4, 'chat', 1)], [], ['0.004', 'nested']],
  ['an event in its call', [call], event(id(1)), ['0.004', 'part of a call']],
  ['an event whose span is not there', [], event(id(1)), ['0.006525']],
])('%s', (_, spans, records, expected) => {
  const explained = explainAll({ spans, records }, book);
  for (const [n, one] of explained.entries()) {
    const { kind, charge } = explanationJson(one);
    const amount = charge?.status === 'priced' ? charge.amount_usd : undefined;
    expect(`${amount} ${kind} ${explanationText(one)}`).toContain(expected[n]);
    expect(amount !== undefined).toBe(expected[n]?.startsWith('0.'));
  }
});

it('what is charged only because its calls are not there says so', () => {
  const [text] = explainAll({ spans: [agent], records: [] }, book).map(explanationText);
  expect(text).toContain('charged because nothing here tells its calls; one that comes later takes this back');
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatUsd } from '../../pricing/money.ts';
import { loadPriceBook } from '../../pricing/index.ts';
import { createIngest } from '../../processor/ingest.ts';
import { createLogIngest } from '../../processor/ingest-logs.ts';
import type { Appended } from '../../processor/ledger.ts';
import { createCounters } from '../../processor/metrics.ts';
import { readTraces, type Encoding } from '../../processor/otlp/index.ts';
import { createCommit } from '../../processor/stages/commit.ts';
import { createSettling } from '../../processor/stages/settling.ts';
import { temporaryLedger } from '../support/ledger.ts';
import { encodeLogs } from '../support/logs.ts';

const prices = loadPriceBook();
const EVERYTHING = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER } as const;

function fixture(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, '../fixtures/otlp', `${name}.json`));
}

/** Both signals on one ledger. */
async function start() {
  const ledger = await temporaryLedger();
  const counters = createCounters();
  const relayed: Uint8Array[] = [];
  const seen: Appended[] = [];
  const observers = [(appended: readonly Appended[]): void => void seen.push(...appended)];
  const clock = { now: 1_800_000_000_000_000 };
  const settling = createSettling({ ledger, prices, counters, observe: () => undefined, now: () => clock.now });
  const shared = { prices, commit: createCommit(ledger), settling, observers, counters };
  const relay = async (body: Uint8Array): Promise<object> => {
    relayed.push(body);
    return {};
  };
  const logs = createLogIngest({ ...shared, relay });
  const spans = createIngest({ ...shared, exporter: undefined });
  const traces = async (body: Uint8Array): Promise<unknown> => spans(readTraces(body, 'json'));
  const total = async (): Promise<string> => formatUsd((await ledger.derive(EVERYTHING)).total);
  const sweep = async (): Promise<void> => {
    clock.now += 180_000_000;
    await settling.sweep();
  };
  return { logs, traces, total, sweep, relayed, seen, counters };
}

it.each<[Encoding, (body: Buffer) => Uint8Array]>([
  ['json', (body) => body],
  ['protobuf', encodeLogs],
])('calls in log events are charged once, and the request goes on byte for byte (%s)', async (encoding, encode) => {
  const { logs, total, relayed, seen, counters } = await start();
  const body = encode(fixture('claude-code-log.agent.logs'));
  await logs(body, encoding);
  await logs(body, encoding);
  expect(await total()).toBe('0.01475');
  expect(relayed).toEqual([body, body]);
  expect(seen.map(({ inserted }) => inserted)).toEqual([true, false]);
  expect([counters.get('received_calls'), counters.get('duplicate_calls')]).toEqual([1, 1]);
});

/** The same call in both signals: by the id of its answer for Claude Code, by session and counts for Codex. */
const pairs: readonly (readonly [string, Buffer, Buffer, string])[] = [
  [
    'claude-code',
    fixture('claude-code.cached'),
    Buffer.from(fixture('claude-code-log.cached.logs').toString().replaceAll('req_2', 'req_25000')),
    '0.0525',
  ],
  [
    'codex',
    fixture('codex.cached'),
    Buffer.from(fixture('codex-log.cached.logs').toString().replaceAll('c-1', sessionOf('codex.cached'))),
    '0.0024',
  ],
];

function sessionOf(name: string): string {
  return /"key":"conversation\.id","value":\{"stringValue":"([^"]+)"/.exec(fixture(name).toString())?.[1] ?? '';
}

it.each(pairs)(
  '%s: a call told by a span and by an event is one call, in either order',
  async (_, span, event, amount) => {
    for (const order of [
      [span, event],
      [event, span],
      [event, span, event, span],
    ]) {
      const { logs, traces, total } = await start();
      for (const body of order) await (body === span ? traces(body) : logs(body, 'json'));
      expect(await total()).toBe(amount);
    }
  },
);

/** An event of the conventions, written in this span. */
const within = (spanId: string): Buffer =>
  Buffer.from(
    fixture('otel-genai-log.plain.logs')
      .toString()
      .replace(/"traceId":"[^"]*","spanId":"[^"]*"/, `"traceId":"${TRACE}","spanId":"${spanId}"`),
  );
const TRACE = 'e'.repeat(32);
const [CALL, AGENT] = ['1'.repeat(16), '2'.repeat(16)];
const span = (id: string, operation: string, output: number, answer = ''): Buffer =>
  Buffer.from(
    JSON.stringify({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId: TRACE,
                  spanId: id,
                  parentSpanId: id === CALL ? AGENT : '',
                  name: operation,
                  startTimeUnixNano: '1790000000000000000',
                  endTimeUnixNano: id === CALL ? '1790000001500000000' : '1790000002000000000',
                  attributes: Object.entries({
                    'gen_ai.operation.name': operation,
                    'gen_ai.request.model': 'gpt-4o',
                    ...(answer === '' ? {} : { 'gen_ai.response.id': answer }),
                    'gen_ai.usage.input_tokens': '1250',
                    'gen_ai.usage.output_tokens': String(output),
                  }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
                },
              ],
            },
          ],
        },
      ],
    }),
  );

it.each<[string, readonly Buffer[], string]>([
  ['without a span', [within(CALL)], '0.006525'],
  ['in the span of the call, whatever that counts', [within(CALL), span(CALL, 'chat', 100)], '0.004125'],
  ['beside the span of the call, by the answer', [within(AGENT), span(CALL, 'chat', 340, 'chatcmpl-ev1')], '0.006525'],
  ['below an agent that has no calls', [within(AGENT), span(AGENT, 'invoke_agent', 9999)], '0.006525'],
  [
    'below an agent beside another call',
    [within(AGENT), span(AGENT, 'invoke_agent', 9), span(CALL, 'chat', 340, 'x')],
    '0.01305',
  ],
])('an event of the conventions is charged once, and only if no span tells its call: %s', async (_, parts, amount) => {
  for (const order of [parts, parts.toReversed(), [...parts, ...parts]]) {
    const { logs, traces, total, sweep } = await start();
    for (const body of order) {
      await (body.includes('resourceLogs') ? logs(body, 'json') : traces(body));
      if (order.length > 2) await sweep();
    }
    await sweep();
    expect(await total()).toBe(amount);
  }
});

it('an event in no trace is not charged, and counted', async () => {
  const { logs, total, sweep, counters } = await start();
  await logs(Buffer.from(within(CALL).toString().replace(TRACE, '').replace(CALL, '')), 'json');
  await sweep();
  expect([await total(), counters.get('settled_aggregates', 'no_trace')]).toEqual(['0', 1]);
});

it('two events that used the same are two calls', async () => {
  const { logs, total } = await start();
  const first = fixture('codex-log.plain.logs').toString();
  await logs(Buffer.from(first), 'json');
  await logs(Buffer.from(first.replaceAll('14:13:21.500Z', '14:14:00.000Z')), 'json');
  expect(await total()).toBe('0.01305');
});

it('what is no OTLP is refused, and nothing of it goes on', async () => {
  const { logs, relayed } = await start();
  await expect(logs(Buffer.from('{"resourceLogs":"claude_code"}'), 'json')).rejects.toMatchObject({
    code: 'malformed_otlp',
  });
  expect(relayed).toEqual([]);
});

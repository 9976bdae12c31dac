import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSink, type SinkSpan } from '../support/sink.ts';
import { appFile, preload, runApp, type Ran } from './run-app.ts';

interface Traced extends Ran {
  /** What the application's own exporter sent. */
  readonly own: readonly SinkSpan[];
}
async function traced(flags: readonly string[]): Promise<Traced> {
  const sink = await startSink();
  const ran = await runApp({ app: appFile('traced.mjs'), flags, env: { OWN_SINK: sink.url } });
  await sink.stop();
  return { ...ran, own: sink.spans };
}

/** Spans without what differs from run to run; parents by name. */
function comparable(spans: readonly SinkSpan[]): readonly unknown[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId, kind, status, attributes, scope, resource, events }) => {
    const {
      'server.port': _port,
      'url.full': _url,
      'gen_ai.response.time_to_first_chunk': _time,
      ...same
    } = attributes;
    const { 'process.pid': _pid, 'process.command_args': args, ...process } = resource;
    const { 'process.command': _command, 'service.instance.id': _id, ...own } = process;
    expect(args).toBeDefined();
    return {
      name,
      parent: names.get(parentSpanId) ?? parentSpanId,
      kind,
      status,
      same,
      scope,
      own,
      events: events.length,
    };
  });
}

const sdk = ['--require', appFile('own-sdk.cjs')];
const ours = ['--require', preload];

describe('an application with its own OpenTelemetry', () => {
  let without: Traced;
  let orders: Readonly<Record<string, Traced>>;
  beforeAll(async () => {
    without = await traced(sdk);
    orders = { before: await traced([...ours, ...sdk]), after: await traced([...sdk, ...ours]) };
  });
  afterAll(() => expect(without.code).toBe(0));

  test.each(['before', 'after'])('the preload %s it: it exports exactly what it exported', (order) => {
    const own = orders[order]?.own ?? [];
    expect(comparable(own)).toEqual(comparable(without.own));
    expect(new Set(own.map(({ name }) => name))).toEqual(new Set(['checkout', 'between', 'anthropic.messages.create']));
    expect(orders[order]?.stdout).toBe(without.stdout);
  });

  test.each(['before', 'after'])(
    'the preload %s it: one span of ours for each call, under the active span',
    (order) => {
      const { spans = [], own = [] } = orders[order] ?? {};
      expect(spans.map(({ name }) => name)).toEqual([
        'chat gpt-4o',
        'chat gpt-4o',
        'chat claude-sonnet-4-6',
        'chat claude-sonnet-4-6',
      ]);
      const names = new Map(own.map(({ traceId, spanId, name }) => [`${traceId} ${spanId}`, name]));
      expect(spans.map(({ traceId, parentSpanId }) => names.get(`${traceId} ${parentSpanId}`))).toEqual([
        'checkout',
        'checkout',
        // The client's native span is the active one while it sends.
        'anthropic.messages.create',
        'anthropic.messages.create',
      ]);
      for (const { attributes } of spans) expect(attributes['spanledger.customer_id']).toBe('acme');
    },
  );

  test.each(['before', 'after'])('the preload %s it: tags reach own services and never a provider', (order) => {
    const sent = ({ requests }: Ran) =>
      requests.map(({ path, headers }) => [path, headers['baggage'], headers['traceparent'] !== undefined]);
    expect(sent(orders[order] as Traced)).toEqual([
      ['/v1/chat/completions', undefined, true],
      ['/v1/chat/completions', undefined, true],
      ['/v1/chat/completions', undefined, true],
      ['/v1/messages', undefined, true],
      ['/v1/messages', undefined, true],
      ['/own-service', 'customer_id=acme', true],
    ]);
    // Without the preload nobody keeps them back.
    expect(sent(without).every(([, baggage]) => baggage === 'customer_id=acme')).toBe(true);
  });
});

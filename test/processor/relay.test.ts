import { expect, it } from 'vitest';
import type { Parcel } from '../../processor/exporters/exporter.ts';
import { createCounters } from '../../processor/metrics.ts';
import { createRelay } from '../../processor/relay.ts';
import { message } from '../support/otlp.ts';

function start(signal: 'logs' | 'metrics') {
  const forwarded: Parcel[] = [];
  const counters = createCounters();
  const exporter = {
    forward: async (parcel: Parcel) => {
      forwarded.push(parcel);
      return { warning: 'from the backend' };
    },
  };
  return { forwarded, counters, exporter, relay: createRelay({ signal, exporter, counters }) };
}

const two = Buffer.from(message([1, message([2, message([2, 'one'], [2, 'two'])])]));

it.each(['logs', 'metrics'] as const)('%s are counted, and handed on as they came', async (signal) => {
  const { relay, forwarded, counters } = start(signal);
  expect(await relay(two, 'protobuf')).toEqual({ warning: 'from the backend' });
  expect(forwarded).toEqual([{ signal, encoding: 'protobuf', body: two, items: 2 }]);
  expect(counters.get(signal === 'logs' ? 'received_log_records' : 'received_metrics')).toBe(2);
});

it('in JSON, too', async () => {
  const { relay, forwarded } = start('logs');
  const body = Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":1.50},{}]}]}]}');
  await relay(body, 'json');
  expect(forwarded[0]?.items).toBe(2);
  expect(forwarded[0]?.body).toBe(body);
});

it.each([
  ['protobuf', Buffer.from([0x0a, 0x7f])],
  ['json', Buffer.from('{"resourceLogs":"my secret prompt')],
  ['json', Buffer.from('[]')],
] as const)('what is no OTLP is refused, and its text not repeated (%s)', async (encoding, body) => {
  const { relay, forwarded } = start('logs');
  await expect(relay(body, encoding)).rejects.toMatchObject({
    code: 'malformed_otlp',
    message: expect.not.stringContaining('secret') as string,
  });
  expect(forwarded).toEqual([]);
});

it('D7: nothing goes nowhere: an empty request, and one that no backend waits for', async () => {
  const { relay, forwarded } = start('logs');
  expect(await relay(Buffer.alloc(0), 'protobuf')).toEqual({});
  expect(
    await createRelay({ signal: 'logs', exporter: undefined, counters: createCounters() })(two, 'protobuf'),
  ).toEqual({});
  expect(forwarded).toEqual([]);
});

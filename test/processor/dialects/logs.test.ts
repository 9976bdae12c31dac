import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPriceBook } from '../../../pricing/index.ts';
import { parseUsd } from '../../../pricing/money.ts';
import { logDialects, mayHoldCalls, readLogCall } from '../../../processor/dialects/logs/index.ts';
import { readLogs } from '../../../processor/otlp/index.ts';
import { explainRecord, explanationJson } from '../../../processor/explain.ts';
import { chargedAt, chargeFor } from '../../../processor/stages/entry.ts';
import { encodeLogs } from '../../support/logs.ts';

/** `<dialect>.<what>.logs.json`: a request as the emitter sends it, written from its documentation. */
const folder = join(import.meta.dirname, '../../fixtures/otlp');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.logs.json'))
  .map((name) => name.replace(/\.logs\.json$/, ''));
const book = loadPriceBook();
const bodyOf = (name: string): Buffer => readFileSync(join(folder, `${name}.logs.json`));

/** As the spans of the same families: 1,250 in and 340 out; 25,000 (or 10,000) mostly cached; 2,000 thoughts. */
const figures: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'claude-code-log': { plain: '0.01475', stream: '0.01475', cached: '0.0525', reasoning: '0.0595', agent: '0.01475' },
  'codex-log': { plain: '0.006525', stream: '0.006525', cached: '0.0024', reasoning: '0.01067', agent: '0.006525' },
  'gemini-cli-log': {
    plain: '0.001225',
    stream: '0.001225',
    cached: '0.00209',
    reasoning: '0.00577',
    agent: '0.001225',
  },
};
/** Held until it is known that no span tells the same call. */
const held: Readonly<Record<string, string>> = {
  plain: '0.006525',
  stream: '0.006525',
  cached: '0.0024',
  reasoning: '0.01067',
  agent: '0.006525',
};

it.each(Object.entries(held))('otel-genai-log %s: one event that is held, of $%s', (what, amount) => {
  const read = readLogs(bodyOf(`otel-genai-log.${what}`), 'json').records.flatMap((record) => {
    const call = readLogCall(record);
    return call === undefined ? [] : [{ call, charge: chargeFor(call, chargedAt(record), book) }];
  });
  expect(read).toMatchObject([
    {
      call: { kind: 'aggregate', dialect: 'otel-genai-log', tags: { customer_id: 'acme', session_id: 'c-1' } },
      charge: { status: 'priced', amount: parseUsd(amount) },
    },
  ]);
});

it.each(['gemini-cli', 'copilot-chat'])('%s tells its calls otherwise, too', (service) => {
  const body = bodyOf('otel-genai-log.plain').toString().replace('"shop"', `"${service}"`);
  expect(readLogs(Buffer.from(body), 'json').records.map(readLogCall)).toEqual([undefined]);
});

describe.each(logDialects)('$name', ({ name }) => {
  it.each(Object.entries(figures[name] ?? {}))('%s: one call, $%s', (what, amount) => {
    const read = readLogs(bodyOf(`${name}.${what}`), 'json').records.map((record) =>
      explanationJson(explainRecord(record, book)),
    );
    const calls = read.filter(({ kind }) => kind === 'call');
    expect(calls).toMatchObject([{ dialect: name, usage_basis: 'reported', charge: { amount_usd: amount } }]);
    expect(calls[0]?.tags).toMatchObject({ team: 'platform' });
    expect(calls[0]?.tags['user_id']).toMatch(/^[ui]-1$/);
    expect(calls[0]?.tags['session_id']).toMatch(/^[sc]-1$/);
  });

  it('a request that failed is no call', () => {
    expect(readLogs(bodyOf(`${name}.error`), 'json').records.map(readLogCall)).toEqual([undefined]);
  });
});

it.each(names)('%s reads the same from protobuf, and is not passed over', (name) => {
  const body = bodyOf(name);
  const binary = encodeLogs(body);
  expect(readLogs(binary, 'protobuf')).toEqual(readLogs(body, 'json'));
  expect([mayHoldCalls(body), mayHoldCalls(binary)]).toEqual([true, true]);
});

it('logs of others are passed over unread', () => {
  expect(mayHoldCalls(Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{}}]}]}]}'))).toBe(false);
});

it.each([
  ['json', '{"resourceLogs":7}', 'not an OTLP log request in JSON: resourceLogs is not an array'],
  ['json', '{"resourceLogs":[{"scopeLogs":[4]}]}', 'resourceLogs[0].scopeLogs[0] is not an object'],
  ['protobuf', 'claude_code', 'not an OTLP log request in protobuf'],
] as const)('broken %s says where', (encoding, body, message) => {
  expect(() => readLogs(Buffer.from(body), encoding)).toThrow(message);
});

it('a record that is none costs only itself', () => {
  const body = Buffer.from(
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[7,{"timeUnixNano":"5","eventName":"x"}]}]}]}',
  );
  const { records, unreadable } = readLogs(body, 'json');
  expect([records.map(({ name, endUnixNano }) => [name, endUnixNano]), unreadable]).toEqual([[['x', 5n]], 1]);
});

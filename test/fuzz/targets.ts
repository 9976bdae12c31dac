/** What is fuzzed: bytes go in, and whatever they are, nothing may happen but an answer or an error of ours. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { SpanledgerError } from '../../processor/errors.ts';
import { readLogs, readTraces, traceReader, type Encoding, type TraceRequest } from '../../processor/otlp/index.ts';
import { halves } from '../../processor/otlp/split.ts';
import { decompress, type Coding } from '../../processor/receivers/decompress.ts';
import { interest } from '../../processor/stages/interest.ts';
import { chatSpan, encodeJson, encodeProtobuf, request } from '../support/otlp.ts';

export interface Target {
  readonly seeds: readonly Buffer[];
  /** Throws where a rule is broken. */
  readonly run: (bytes: Buffer) => void | Promise<void>;
}

const LIMIT = 1 << 20;
const readSome = traceReader(interest);
const cost = { 'spanledger.cost.usd': 0.0065, 'spanledger.cost.status': 'priced', 'http.route': null } as const;

/** Undefined for bytes that are refused as they should be. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SpanledgerError && error.code === 'malformed_otlp') return undefined;
    throw error;
  }
}

/** What is read can be read again once it is enriched: as many spans, each with its cost or as it was. */
function traces(encoding: Encoding): (bytes: Buffer) => void {
  const check = (read: TraceRequest | undefined, reader: typeof readTraces): void => {
    if (read === undefined) return;
    const enriched = reader(read.splice(new Map(read.spans.map((span) => [span, cost]))), encoding);
    if (enriched.spans.length !== read.spans.length || enriched.unreadable !== read.unreadable)
      throw new Error(`${read.spans.length} spans became ${enriched.spans.length}`);
    for (const [index, { attributes }] of enriched.spans.entries()) {
      if (attributes.get('spanledger.cost.usd') === cost['spanledger.cost.usd']) continue;
      // When in doubt a span is sent on as it came: all of it then.
      if (attributes.size !== read.spans[index]?.attributes.size) throw new Error('half of a span was changed');
    }
  };
  return (bytes) => {
    check(
      attempt(() => readTraces(bytes, encoding)),
      readTraces,
    );
    check(
      attempt(() => readSome(bytes, encoding)),
      readSome,
    );
    attempt(() => readLogs(bytes, encoding));
    try {
      halves(bytes, encoding, 'traces');
    } catch {
      // Its callers take any error for "can't be split".
    }
  };
}

function unpack(coding: Coding): (bytes: Buffer) => Promise<void> {
  return async (bytes) => {
    try {
      const out = await decompress(bytes, coding, LIMIT);
      if (out.length > LIMIT) throw new Error(`${out.length} bytes came out`);
    } catch (error) {
      if (!(error instanceof SpanledgerError)) throw error;
    }
  };
}

const fixtures = join(import.meta.dirname, '../fixtures/otlp');
const json = readdirSync(fixtures)
  .filter((name) => name.endsWith('.json') && !name.endsWith('.expected.json'))
  .slice(0, 12)
  .map((name) => readFileSync(join(fixtures, name)));
const small = request(
  chatSpan(1, { list: ['a', { int: -1n }], pairs: { pairs: [['k', true]] }, 'spanledger.cost.usd': { double: 1 } }),
  { ...chatSpan(2), attributes: [['http.route', '/']], events: ['e'], status: { code: 2, message: 'no' } },
);

export const targets: Readonly<Record<string, Target>> = {
  protobuf: { seeds: [encodeProtobuf(small), encodeProtobuf(request(chatSpan(3)))], run: traces('protobuf') },
  json: { seeds: [encodeJson(small), ...json], run: traces('json') },
  gzip: { seeds: [gzipSync(encodeJson(small)), gzipSync(Buffer.alloc(LIMIT * 4))], run: unpack('gzip') },
  zstd: {
    seeds: [zstdCompressSync(encodeJson(small)), zstdCompressSync(Buffer.alloc(LIMIT * 4))],
    run: unpack('zstd'),
  },
};

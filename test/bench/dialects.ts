/**
 * Which dialect a span is of, and what it says: `node test/bench/dialects.ts [rounds]`. Spans of the fixtures as they come out
 * of the scanner, and spans of HTTP servers and databases; what is read is compared with the golden files before it is timed.
 * The smallest of five runs is taken, because the machine is shared.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect } from '../../processor/dialects/dialect.ts';
import { callReader, dialects, readCall } from '../../processor/dialects/index.ts';
import { readTraces, type Span } from '../../processor/otlp/index.ts';
import { isMarker } from '../../processor/stages/marker.ts';
import { makeSpan } from '../support/span.ts';

const rounds = Number(process.argv[2] ?? 2000);
const folder = join(import.meta.dirname, '../fixtures/otlp');

interface Expected {
  readonly span_id: string;
  readonly dialect: string | null;
}

const llm = readdirSync(folder)
  .filter((name) => name.endsWith('.json') && !/\.(expected|logs)\.json$/.test(name))
  .flatMap((name) => {
    const { spans } = readTraces(readFileSync(join(folder, name)), 'json');
    const expected = JSON.parse(
      readFileSync(join(folder, name.replace(/json$/, 'expected.json')), 'utf8'),
    ) as Expected[];
    return spans.flatMap((span, index) => {
      const found = isMarker(span) ? null : (readCall(span)?.dialect ?? null);
      if (found !== expected[index]?.dialect) throw new Error(`${name}: span ${index} is read as ${found}`);
      return found === null ? [] : [span];
    });
  });

const attributes = {
  'http.request.method': 'GET',
  'http.route': '/orders/{id}',
  'http.response.status_code': 200,
  'url.scheme': 'https',
  'server.address': 'shop.example',
  'server.port': 443,
  'client.address': '10.1.2.3',
  'user_agent.original': 'Mozilla/5.0',
  'network.protocol.version': '1.1',
  'db.system.name': 'postgresql',
  'db.query.summary': 'SELECT orders',
  'thread.id': 7,
};
const others = ['@opentelemetry/instrumentation-http', 'pg', 'express', 'redis'].map((scope) =>
  makeSpan({ scope, attributes }),
);
for (const span of others) if (readCall(span) !== undefined) throw new Error('a span of a server is read as a call');

/** Nanoseconds a span. */
function time(read: (span: Span) => unknown, spans: readonly Span[]): number {
  let best = Infinity;
  for (let run = 0; run < 5; run++) {
    const start = process.hrtime.bigint();
    for (let round = 0; round < rounds; round++) for (const span of spans) read(span);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / (rounds * spans.length));
  }
  return best;
}

/** Like the others: a scope of its own, and attributes of its own. */
const one: Dialect = {
  name: 'one-more',
  scopes: /^one-more/,
  keys: ['one_more.model', 'one_more.input', 'one_more.output'],
  read: () => null,
};
const without = callReader(dialects);
const withOne = callReader([...dialects, one]);

const figures = [
  ['a span without LLM', time(without, others), 1000],
  [`a GenAI span (${llm.length} of all ${dialects.length} dialects)`, time(without, llm), 5000],
] as const;
for (const [what, nanos, limit] of figures)
  console.log(`${what}: ${nanos.toFixed(0)} ns (at most ${limit} ns)${nanos > limit ? ' TOO SLOW' : ''}`);
if (figures.some(([, nanos, limit]) => nanos > limit)) process.exitCode = 1;

/** In turn, so that what else the machine does weighs on both alike. */
function slower(spans: readonly Span[]): number {
  const ratios = Array.from({ length: 7 }, () => time(withOne, spans) / time(without, spans)).toSorted((a, b) => a - b);
  return ((ratios[3] ?? 1) - 1) * 100;
}
for (const [what, spans] of [['without LLM', others] as const, ['GenAI', llm] as const])
  console.log(`one more dialect: spans ${what} ${slower(spans).toFixed(1)} % slower (at most 2 %)`);

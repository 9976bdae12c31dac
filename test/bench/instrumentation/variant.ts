/**
 * One instrumentation of the openai client, measured in a process of its own (patches cannot be taken back):
 * `node --expose-gc variant.ts NAME FOLDER calls|heap|delivered`. The network is a global `fetch` of our own, so what is
 * timed is client, instrumentation and tracer. Every variant writes to the same tracer provider, whose processor does nothing;
 * with `delivered` to what is usual for it, and from there to a sink. Prints one line of JSON.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { get } from 'node:http';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep, setImmediate as tick } from 'node:timers/promises';
import type * as Api from '@opentelemetry/api';
import type { Attributes, SpanOptions, TimeInput } from '@opentelemetry/api';
import type * as Client from 'openai';
import { chunks, messages, respond } from './answers.ts';

const [name = '', folder = '', mode = 'calls'] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const root = join(import.meta.dirname, '../../..');

export interface Cost {
  /** The fastest batch, which is what other work on the machine disturbs least. */
  readonly us: number;
  /** Heap growth of one call, the median of the batches in which nothing was collected. */
  readonly bytes: number;
}
export interface Measured {
  readonly plain: Cost;
  readonly stream: Cost;
  /** What the last spans said of usage: input, output, cached. */
  readonly recorded: { readonly plain: readonly (number | null)[]; readonly stream: readonly (number | null)[] };
}

export interface Delivered {
  /** Processor time of a call, until its span is delivered: the least of the batches. */
  readonly us: number;
  readonly calls: number;
  /** Spans that the sink was given. */
  readonly spans: number;
}

interface Span {
  end(time?: TimeInput): void;
}
interface Provider {
  register(): void;
  getTracer(name: string): { startSpan(name: string, options: SpanOptions): Span };
}
interface Peer {
  setTracerProvider(provider: Provider): void;
  setMeterProvider(provider: unknown): void;
}
type Named = Readonly<Record<string, new (options?: object) => Peer>>;

let last: Attributes = {};
let ended = 0;
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node') as {
  NodeTracerProvider: new (options: object) => Provider;
};
const sink = mode === 'delivered' ? await startSink() : undefined;
const processor = sink === undefined ? undefined : batching(sink);
const provider = new NodeTracerProvider({
  spanProcessors: [
    processor ?? {
      onStart: () => {},
      onEnd: ({ name: span, attributes }: { readonly name: string; readonly attributes: Attributes }) => {
        // What announces a call that is open for long is not its span.
        if (span === 'spanledger.call.started') return;
        last = attributes;
        ended++;
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  ],
});

function peer(instrumentation: Peer): void {
  provider.register();
  instrumentation.setTracerProvider(provider);
  const { metrics } = require('@opentelemetry/api') as typeof Api;
  instrumentation.setMeterProvider(metrics.getMeterProvider());
}

const variants: Readonly<Record<string, () => void>> = {
  none: () => {},
  // As the class in the application's own set-up, which is what the others are; delivered, as the preload.
  spanledger: () => {
    if (sink !== undefined) {
      require(join(root, 'dist/instrumentation/preload.cjs'));
      return;
    }
    const { instrument } = require(join(root, 'dist/instrumentation/register.cjs')) as {
      readonly instrument: (surroundings: object, providers: object) => void;
    };
    const surroundings = {
      say: () => {},
      asideHook: join(root, 'dist/instrumentation/hook-aside.js'),
      tokenizer: join(root, 'dist/instrumentation/tokenizer.cjs'),
      packageJson: join(root, 'package.json'),
    };
    provider.register();
    const { metrics } = require('@opentelemetry/api') as typeof Api;
    instrument(surroundings, { tracers: () => provider, meters: () => metrics.getMeterProvider() });
  },
  '@opentelemetry/instrumentation-openai': () =>
    peer(new (require('@opentelemetry/instrumentation-openai') as Named)['OpenAIInstrumentation']!()),
  '@traceloop/instrumentation-openai': () =>
    peer(
      new (require('@traceloop/instrumentation-openai') as Named)['OpenAIInstrumentation']!({ traceContent: false }),
    ),
};
/** The address of a sink in a process of its own, for as long as this one lives. */
async function startSink(): Promise<string> {
  const child = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, 'sink.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => child.kill());
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${port.toString().trim()}`;
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    SPANLEDGER_LOG: 'off',
  });
  return url;
}

interface Processor {
  onStart(): void;
  forceFlush(): Promise<void>;
}
/** As the SDK's own set-up has it. */
function batching(url: string): Processor {
  const { BatchSpanProcessor } = require('@opentelemetry/sdk-trace-node') as {
    BatchSpanProcessor: new (exporter: unknown) => Processor;
  };
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-http') as {
    OTLPTraceExporter: new (options: object) => unknown;
  };
  return new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` }));
}

// The network, which everybody finds where it is.
globalThis.fetch = respond;
const start = variants[name];
if (start === undefined) throw new Error(`there is no variant ${name}; there are ${Object.keys(variants).join(', ')}`);
start();

const { OpenAI } = require('openai') as typeof Client;
const client = new OpenAI({ apiKey: 'k', baseURL: 'http://llm.invalid/v1', maxRetries: 0 });
const { completions } = client.chat;

async function plain(): Promise<void> {
  const { usage, choices } = await completions.create({ model: 'gpt-x', messages });
  assert(usage?.prompt_tokens === 1200 && choices.length === 1);
}
async function stream(): Promise<void> {
  const options = { stream_options: { include_usage: true } };
  let seen = 0;
  for await (const chunk of await completions.create({ model: 'gpt-x', messages, stream: true, ...options }))
    seen += chunk.choices.length;
  assert.equal(seen, chunks, 'chunks that the application saw');
}
/** Left after one chunk, or never read at all. */
async function abort(at: number): Promise<void> {
  const left = await completions.create({ model: 'gpt-x', messages, stream: true });
  if (at % 20 === 0) for await (const _ of left) break;
}

let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });
const collect = globalThis.gc as () => void;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function measure(call: () => Promise<void>, warm: number, per: number, few: number): Promise<Cost> {
  for (let n = 0; n < warm; n++) await call();
  let us = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < 40; batch++) {
    const from = performance.now();
    for (let n = 0; n < per; n++) await call();
    us = Math.min(us, ((performance.now() - from) * 1000) / per);
  }
  const bytes: number[] = [];
  for (let batch = 0; batch < 25; batch++) {
    collect();
    await tick();
    await tick();
    const before = collections;
    const heap = process.memoryUsage().heapUsed;
    for (let n = 0; n < few; n++) await call();
    const grown = process.memoryUsage().heapUsed - heap;
    await tick();
    await tick();
    if (collections === before) bytes.push(grown / few);
  }
  return { us, bytes: median(bytes) };
}

function recorded(): readonly (number | null)[] {
  const usage = ['input_tokens', 'output_tokens', 'cache_read.input_tokens'];
  return usage.map((key) => (last[`gen_ai.usage.${key}`] as number | undefined) ?? null);
}

async function calls(): Promise<Measured> {
  const cost = { plain: await measure(plain, 2500, 200, 40), stream: await measure(stream, 120, 10, 2) };
  await plain();
  const told = recorded();
  await stream();
  return { ...cost, recorded: { plain: told, stream: recorded() } };
}

/** Megabytes of heap after every 20,000 of 100,000 calls, a tenth of them left or never read; and spans that ended. */
async function heap(): Promise<{
  readonly megabytes: readonly number[];
  readonly calls: number;
  readonly ended: number;
}> {
  const megabytes: number[] = [];
  const total = 100_000;
  for (let n = 0; n <= total; n++) {
    await (n % 10 === 0 ? abort(n) : plain());
    if (n % 50 === 0) await tick();
    if (n % 20_000 !== 0) continue;
    // What is never read ends when it is garbage.
    for (let turn = 0; turn < 6; turn++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    megabytes.push(process.memoryUsage().heapUsed / 1e6);
  }
  // Responses of the last moment are held until it was looked whether anybody reads them.
  for (let turn = 0; turn < 6; turn++) {
    await sleep(300);
    collect();
  }
  return { megabytes, calls: total + 1, ended };
}

async function delivered(url: string): Promise<Delivered> {
  let us = Number.POSITIVE_INFINITY;
  let made = 0;
  // Not more at once than queues hold.
  const some = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++, made++) {
      await plain();
      if (n % 100 === 99) await sleep(5);
    }
  };
  const arrived = async (): Promise<number> => {
    const counting = new Promise<number>((resolve) => {
      get(url, (response) => void text(response).then((answer) => resolve(Number(answer))));
    });
    return counting;
  };
  const allArrived = async (): Promise<void> => {
    await processor?.forceFlush();
    for (let tries = 0; tries < 60 && (await arrived()) < made; tries++) await sleep(50);
  };
  await some(3000);
  if (name !== 'none') await allArrived();
  for (let batch = 0; batch < 6; batch++) {
    const before = process.cpuUsage();
    await some(1500);
    if (name !== 'none') await allArrived();
    const { user, system } = process.cpuUsage(before);
    us = Math.min(us, (user + system) / 1500);
  }
  return { us, calls: made, spans: await arrived() };
}

const run = (): Promise<object> => (sink !== undefined ? delivered(sink) : mode === 'heap' ? heap() : calls());
process.stdout.write(`${JSON.stringify(await run())}\n`, () => process.exit());

/** Senders that do what exporters do: the same bytes again until they are acknowledged. And what came of it. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { chatSpan, encodeProtobuf, request, type TestSpan } from '../../support/otlp.ts';
import { decodeProtobuf } from '../../support/sink/protobuf.ts';
import type { Sink } from '../../support/sink.ts';
import type { Served } from './served.ts';

/** Of each request: calls of $0.004, and other spans. */
export const CALLS = 3;
const OTHERS = 5;

export interface Load {
  /** Requests that were acknowledged. */
  readonly acknowledged: ReadonlySet<number>;
  readonly sent: () => number;
  /** How often each answer came: a status, with "+" where it said when to come again, or the code of a broken connection. */
  readonly answers: ReadonlyMap<string, number>;
  /** Milliseconds to each acknowledgement. */
  readonly waits: readonly number[];
  /** Lets every request that was begun be acknowledged. */
  stop(): Promise<void>;
}

export function bodyOf(n: number): Buffer {
  const calls = Array.from({ length: CALLS }, (_, k) => chatSpan(n * CALLS + k));
  const others = Array.from({ length: OTHERS }, (_, k): TestSpan => {
    const span = chatSpan(n * OTHERS + k);
    return {
      ...span,
      name: 'GET /',
      spanId: span.spanId?.replaceAll('b', 'c') ?? '',
      attributes: [['http.route', '/']],
    };
  });
  return encodeProtobuf(request(...calls, ...others));
}

export function startLoad(endpoint: () => string, senders: number, pauseMs = 0): Load {
  const acknowledged = new Set<number>();
  const answers = new Map<string, number>();
  const waits: number[] = [];
  let next = 0;
  const stopping = new AbortController();
  async function sender(): Promise<void> {
    while (!stopping.signal.aborted) {
      const n = next++;
      for (;;) {
        const began = performance.now();
        const answer = await send(endpoint(), bodyOf(n));
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        if (answer === '200') {
          waits.push(performance.now() - began);
          break;
        }
        await sleep(50);
      }
      acknowledged.add(n);
      await sleep(pauseMs);
    }
  }
  const all = Promise.all(Array.from({ length: senders }, sender));
  return {
    acknowledged,
    sent: () => next,
    answers,
    waits,
    async stop() {
      stopping.abort();
      await all;
    },
  };
}

export async function send(endpoint: string, body: Uint8Array): Promise<string> {
  try {
    const response = await fetch(`${endpoint}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(body),
    });
    await response.arrayBuffer();
    return `${response.status}${response.headers.has('retry-after') ? '+' : ''}`;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return cause?.code ?? 'broken';
  }
}

/** Until nothing waits in the spool. */
export async function drained({ apiUrl }: Pick<Served, 'apiUrl'>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const status = (await (await fetch(`${apiUrl}/api/v1/status`)).json()) as {
      forward: { backends: { spooled_spans: number }[] };
    };
    if (status.forward.backends[0]?.spooled_spans === 0) return;
  }
}

/** The `part`th of the waits, from 0 to 1. */
export function quantile(waits: readonly number[], part: number): number {
  return waits.toSorted((a, b) => a - b)[Math.min(Math.floor(waits.length * part), waits.length - 1)] ?? 0;
}

export interface Counts {
  readonly sent: number;
  readonly acknowledged: number;
  readonly inLedger: number;
  /** Femto-USD. */
  readonly total: bigint;
  readonly delivered: number;
  /** Requests that the backend got more than once. */
  readonly repeated: number;
  /** Requests that the backend got in two versions. */
  readonly changed: number;
}

/** What there is of it in the ledger and in the backend; counted in calls. */
export async function countCalls(load: Load, ledgerPath: string, sink: Sink): Promise<Counts> {
  const ledger = await openSqliteLedger({ path: ledgerPath });
  const everything = { by: [], where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;
  const [row] = await ledger.costs(everything);
  await ledger.close();
  const versions = new Map<string, string[]>();
  const delivered = new Set<string>();
  for (const { body } of sink.requests) {
    const spans = decodeProtobuf(body);
    for (const { traceId, spanId, attributes } of spans)
      if (attributes['spanledger.cost.usd'] === 0.004) delivered.add(`${traceId} ${spanId}`);
    const key = `${spans[0]?.traceId} ${spans[0]?.spanId}`;
    versions.set(key, [...(versions.get(key) ?? []), createHash('sha256').update(body).digest('hex')]);
  }
  const lists = [...versions.values()];
  return {
    sent: load.sent() * CALLS,
    acknowledged: load.acknowledged.size * CALLS,
    inLedger: row?.calls ?? 0,
    total: row?.cost ?? 0n,
    delivered: delivered.size,
    repeated: lists.filter((hashes) => hashes.length > 1).length,
    changed: lists.filter((hashes) => new Set(hashes).size > 1).length,
  };
}

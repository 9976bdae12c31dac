import type { Attributes } from '@opentelemetry/api';
import { batchOf, isBatch, isBatchLine, readBatches, readBatchResult, type BatchResult } from './apis/batches.ts';
import { isJson, type Json } from './apis/api.ts';
import { Call } from './call.ts';
import { deaf, type Listener } from './listener.ts';
import type { FinishedCall } from './finished-call.ts';
import { failed, guarded } from './contain.ts';
import { Lines } from './lines.ts';
import { serverOf } from './provider.ts';
import { attr } from './semconv.ts';

/** What a GET is for. */
export interface Look {
  readonly url: string;
  readonly path: string;
  /** The client's own provider, for hosts that nobody knows. */
  readonly provider: string;
}

export interface Batches {
  /**
   * Who reads along when the application fetches the results of a batch, or looks at a batch; undefined for any other GET.
   * Each result is a call at the batch tier. However often and wherever it is fetched, it is the same span: same ids, same
   * start.
   */
  reader(look: Look): Listener | undefined;
  /** Hands on at once what there is room for. */
  handOn(): void;
  /** Hands on everything. Gives up when it takes longer than `limitMs`, or nothing moves. False where there was nothing. */
  finish(limitMs: number): Promise<boolean>;
}

export interface BatchesOptions {
  /** False where nothing is recorded. */
  readonly began: () => boolean;
  /** The tags of the code that runs now. */
  readonly tags: () => Attributes;
  /** For how many calls the destination has room. */
  readonly room: () => number;
  readonly emit: (call: FinishedCall) => void;
}

/** A batch has thousands of results, and the application has its own work: they are dealt with in a part of the time. */
const workMs = 2;
const restMs = 8;
/** Text of a stream that may wait to be read: more of it is read before the stream goes on. */
const mostUnread = 1024 * 1024;
/** Results that wait for room, and results and batches that are remembered. The largest batches have as many. */
const most = 100_000;
/** How long the end of the process waits for room that does not come. */
const patienceMs = 3000;
const longestAtOnceMs = 1000;

/** Whose a result is, and by whom it was fetched. */
interface Origin {
  readonly look: Look;
  readonly batch: string;
  readonly tags: Attributes;
}

export function createBatches({ began, tags, room, emit }: BatchesOptions): Batches {
  /** Times of batches, by what their results are fetched by. */
  const made = new Map<string, number>();
  const known = new Set<string>();
  const reading = new Set<() => boolean>();
  let waiting: { readonly result: BatchResult; readonly origin: Origin }[] = [];
  let next = 0;
  let timer: NodeJS.Timeout | undefined;

  const take = (line: Json, origin: Origin): void => {
    const result = readBatchResult(line, origin.batch);
    // The oldest wait for room since long: nothing is delivered.
    if (result === undefined || known.has(result.key) || waiting.length - next >= most) return;
    remember(known, result.key);
    waiting.push({ result, origin });
    later();
  };
  const hand = (): boolean => {
    const one = waiting[next];
    if (one === undefined || room() <= 0) return false;
    if (++next === 1024) {
      waiting = waiting.slice(next);
      next = 0;
    }
    guarded(() => emitResult(one.result, one.origin));
    return true;
  };
  const read = (): boolean => {
    for (const step of reading) {
      if (step()) return true;
      reading.delete(step);
    }
    return false;
  };
  const work = (ms: number): void => {
    const until = performance.now() + ms;
    while ((hand() || read()) && performance.now() < until);
  };
  const left = (): boolean => next < waiting.length || reading.size > 0;
  const later = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      work(workMs);
      if (left()) later();
    }, restMs);
    timer.unref();
  };

  const emitResult = ({ key, api, answer, made: said }: BatchResult, origin: Origin): void => {
    const { url, path, provider } = origin.look;
    // Loaded here, because the start of every application would wait for it.
    const { hash } = process.getBuiltinModule('node:crypto');
    const digest = hash('sha256', key);
    const ids = { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
    const begun = { api, body: {}, path, server: serverOf(url), provider, tags: origin.tags, parent: undefined };
    const call = new Call(begun, (_call, finished) => {
      const start = said ?? made.get(origin.batch) ?? finished.start;
      const attributes = { ...finished.attributes, [attr.serviceTier]: 'batch' };
      emit({ ...finished, start, end: start, ids, attributes });
    });
    call.known(answer);
  };

  /** Reads the lines of a file, if they are results: other files are fetched in the same way. */
  const lineReader = (origin: Origin): Pick<Listener, 'text' | 'end' | 'fail' | 'body'> => {
    const lines = new Lines();
    let wanted = true;
    let first = true;
    let begun = false;
    const step = (): boolean => {
      const line = lines.next();
      if (line === undefined) return false;
      if (line.trim() === '') return true;
      try {
        const value: unknown = JSON.parse(line);
        wanted &&= !first || (isJson(value) && isBatchLine(value));
        if (wanted && isJson(value)) take(value, origin);
      } catch (error) {
        wanted &&= !first;
        if (wanted) failed(error);
      }
      first = false;
      if (!wanted) lines.clear();
      return wanted;
    };
    const text = (more: string, end: boolean): boolean => {
      // Pictures and sound need not be searched for lines.
      wanted &&= begun || /^\s*(\{|$)/.test(more.slice(0, 100));
      if (!wanted) return false;
      begun ||= more !== '';
      lines.push(more);
      if (end) lines.end();
      else while (lines.unread > mostUnread && step());
      reading.add(step);
      later();
      return wanted;
    };
    const leave = (): void => {
      lines.clear();
      wanted = false;
    };
    return {
      text: (more, end) => guarded(() => text(more, end)) ?? false,
      // A file of one line may be taken for a value.
      body: (body) => void guarded(() => isJson(body) && isBatchLine(body) && take(body, origin)),
      end: leave,
      fail: leave,
    };
  };

  const seeBatches = (body: Json, look: Look, tagsThen: Attributes): void => {
    for (const { of, made: time, lines } of readBatches(body)) {
      if (made.size > most) made.clear();
      if (time !== undefined) for (const id of of) made.set(id, time);
      const [batch] = of;
      if (batch !== undefined) for (const line of lines) take(line, { look, batch, tags: tagsThen });
    }
  };

  return {
    reader(look) {
      const batch = batchOf(look.path);
      if ((batch === undefined && !isBatch(look.path)) || !began()) return undefined;
      const tagsThen = tags();
      const silent = deaf({ request: { model: undefined, maxTokens: undefined, stream: batch !== undefined } });
      if (batch !== undefined) return { ...silent, ...lineReader({ look, batch, tags: tagsThen }) };
      return { ...silent, body: (body) => void guarded(() => isJson(body) && seeBatches(body, look, tagsThen)) };
    },
    handOn: () => work(longestAtOnceMs),
    async finish(limitMs) {
      if (!left()) return false;
      const end = performance.now() + limitMs;
      let moved = performance.now();
      while (left() && performance.now() < Math.min(end, moved + patienceMs)) {
        const before = waiting.length - next;
        work(4 * workMs);
        if (waiting.length - next < before || reading.size > 0) moved = performance.now();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return true;
    },
  };
}

/** Forgets the oldest where there are too many. */
function remember(set: Set<string>, value: string): void {
  set.add(value);
  if (set.size <= most) return;
  for (const oldest of set) {
    set.delete(oldest);
    return;
  }
}

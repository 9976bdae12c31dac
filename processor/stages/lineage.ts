import type { Link } from '../otlp/links.ts';

/** How one span stands to another of its trace, as far as links tell. */
export type Kinship = 'below' | 'apart' | 'unknown';

/** Remembers who is below whom, for a while and for traces that hold LLM calls. */
export interface Lineage {
  link(link: Link): void;
  /** A span that says what it used: whatever is above it repeats it. */
  cover(traceId: string, spanId: string, isCall: boolean): void;
  /** Whether something that covers is known to be below this span. */
  isCovered(traceId: string, spanId: string): boolean;
  /** Whether this span is known to be below a call. */
  isWithin(traceId: string, spanId: string): boolean;
  kinship(traceId: string, spanId: string, above: string): Kinship;
  /** The answers (`gen_ai.response.id`) of calls in this trace. */
  addAnswer(traceId: string, responseId: string): void;
  hasAnswer(traceId: string, responseId: string): boolean;
}

interface Trace {
  readonly parents: Map<string, string>;
  /** All that are known to be above one that covers. */
  readonly above: Set<string>;
  /** Which of those that cover are calls. */
  readonly covering: Map<string, boolean>;
  readonly answers: Set<string>;
}

/** A chain longer than this is a loop, or somebody's joke. */
const MAX_DEPTH = 1_000;

/**
 * In memory: at most `limit` spans, and of those that are too many the traces that were longest without a new span go
 * first. What is forgotten, with the process or for room, is judged by time instead.
 *
 * @example
 * const lineage = createLineage();
 * lineage.link({ traceId, spanId: 'chat', parentSpanId: 'agent' });
 * lineage.cover(traceId, 'chat', true);
 * lineage.isCovered(traceId, 'agent'); // true
 */
export function createLineage(limit: number = 200_000): Lineage {
  const traces = new Map<string, Trace>();
  let size = 0;

  function weight({ parents, answers, covering }: Trace): number {
    return parents.size + answers.size + covering.size;
  }

  /** The trace, which is the youngest now. */
  function change(traceId: string, how: (trace: Trace) => void): void {
    const trace = traces.get(traceId) ?? {
      parents: new Map<string, string>(),
      above: new Set<string>(),
      covering: new Map<string, boolean>(),
      answers: new Set<string>(),
    };
    const before = weight(trace);
    traces.delete(traceId);
    traces.set(traceId, trace);
    how(trace);
    size += weight(trace) - before;
    for (const [oldest, forgotten] of traces) {
      if (size <= limit) break;
      size -= weight(forgotten);
      traces.delete(oldest);
    }
  }

  return {
    link({ traceId, spanId, parentSpanId }) {
      if (traceId === '' || spanId === '') return;
      change(traceId, (trace) => {
        trace.parents.set(spanId, parentSpanId);
        if (trace.above.has(spanId) || trace.covering.has(spanId)) markAbove(trace, parentSpanId);
      });
    },
    cover(traceId, spanId, isCall) {
      if (traceId === '' || spanId === '') return;
      change(traceId, (trace) => {
        trace.covering.set(spanId, isCall);
        markAbove(trace, trace.parents.get(spanId));
      });
    },
    isCovered: (traceId, spanId) => traces.get(traceId)?.above.has(spanId) === true,
    isWithin(traceId, spanId) {
      const trace = traces.get(traceId);
      if (trace === undefined) return false;
      for (const id of chain(trace, spanId)) if (trace.covering.get(id) === true) return true;
      return false;
    },
    kinship(traceId, spanId, above) {
      const trace = traces.get(traceId);
      if (trace === undefined) return 'unknown';
      let last = spanId;
      for (const id of chain(trace, spanId)) {
        if (id === above) return 'below';
        last = id;
      }
      if (trace.parents.get(last) === '') return 'apart';
      // Both hang on the same span, of which nothing is known: so neither is on the other's way up.
      for (const id of chain(trace, above)) if (id === last) return 'apart';
      return 'unknown';
    },
    addAnswer(traceId, responseId) {
      if (traceId !== '' && responseId !== '') change(traceId, ({ answers }) => answers.add(responseId));
    },
    hasAnswer: (traceId, responseId) => responseId !== '' && traces.get(traceId)?.answers.has(responseId) === true,
  };
}

/** From the parent upwards, up to the first span whose parent is not known. */
function* chain({ parents }: Trace, spanId: string): Generator<string> {
  let id = parents.get(spanId);
  for (let depth = 0; id !== undefined && id !== '' && depth < MAX_DEPTH; depth++) {
    yield id;
    id = parents.get(id);
  }
}

function markAbove({ parents, above }: Trace, from: string | undefined): void {
  for (let id = from; id !== undefined && id !== '' && !above.has(id); id = parents.get(id)) above.add(id);
}

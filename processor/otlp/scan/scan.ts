import type { AttributeMap, Interest, Scope, Span, TraceRequest } from '../request.ts';
import { ScannedAttributes } from './attributes.ts';
import { keySet } from './keys.ts';
import { framesOf, REQUEST, RESOURCE, RESOURCE_SPANS, SCOPE, SCOPE_SPANS, type Frame } from './layout.ts';
import { searchSpans } from './search.ts';
import { readSpan, type ScannedSpan } from './span.ts';
import { spliceSpans } from './splice.ts';
import { AttributeTable } from './table.ts';

/** The messages that hold spans of interest. */
export interface ScannedScope extends Frame {
  readonly spans: readonly ScannedSpan[];
}
export interface ScannedResource extends Frame {
  readonly scopes: readonly ScannedScope[];
}

const NO_ATTRIBUTES: AttributeMap = new Map();
const NO_SCOPE: Scope = { name: '', version: '' };

/** Answers requests whose spans of no interest cost a step over their attributes, and no memory. */
export type Scanner = (body: Uint8Array) => TraceRequest;

/**
 * A scanner for spans of interest. It throws for whatever is broken, and for what is sound but odd: `readProtobuf` then
 * reads it in its careful way.
 *
 * @example scannerFor({ keys: new Set(['gen_ai.system']), isScope: () => false })(body).spans
 */
export function scannerFor(interest: Interest | 'all'): Scanner {
  const wanted = interest === 'all' ? undefined : keySet(interest.keys);
  const isScope = interest === 'all' ? (): boolean => true : interest.isScope;

  return (body) => {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const source = { bytes, view, table: new AttributeTable(bytes) };
    const { pair } = source.table;
    const passed = new Map<string, number>();
    const resources: ScannedResource[] = [];
    const spans: Span[] = [];
    for (const frame of framesOf(bytes, { start: 0, end: bytes.length }, REQUEST.resourceSpans)) {
      const resource = lazily(() => readResource(source.table, frame));
      const scopes: ScannedScope[] = [];
      for (const below of framesOf(bytes, frame, RESOURCE_SPANS.scopeSpans)) {
        const scope = readScope(bytes, below);
        const keys = isScope(scope.name) ? undefined : wanted;
        const found: ScannedSpan[] = [];
        const others = searchSpans(bytes, below, keys, pair, (at) => {
          const scanned = readSpan(source, at, scope, resource());
          found.push(scanned);
          spans.push(scanned.span);
        });
        if (others > 0) passed.set(scope.name, (passed.get(scope.name) ?? 0) + others);
        if (found.length > 0) scopes.push({ ...below, spans: found });
      }
      if (scopes.length > 0) resources.push({ ...frame, scopes });
    }
    return {
      encoding: 'protobuf',
      spans,
      passed,
      unreadable: 0,
      splice: (additions, dropped = new Set()) => spliceSpans(bytes, resources, additions, dropped),
    };
  };
}

/** Of several resources in one message, which nobody sends, the last counts. */
function readResource(table: AttributeTable, frame: Frame): AttributeMap {
  const { bytes } = table;
  const last = framesOf(bytes, frame, RESOURCE_SPANS.resource).at(-1);
  if (last === undefined) return NO_ATTRIBUTES;
  const attributes = new ScannedAttributes(table);
  for (const { tagAt, start, end } of framesOf(bytes, last, RESOURCE.attribute)) attributes.add(tagAt, start, end);
  return attributes;
}

function readScope(bytes: Buffer, frame: Frame): Scope {
  const last = framesOf(bytes, frame, SCOPE_SPANS.scope).at(-1);
  if (last === undefined) return NO_SCOPE;
  const text = (tag: number): string => {
    const found = framesOf(bytes, last, tag).at(-1);
    return found === undefined ? '' : bytes.toString('utf8', found.start, found.end);
  };
  return { name: text(SCOPE.name), version: text(SCOPE.version) };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

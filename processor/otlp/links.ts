import { frames } from './frames.ts';
import { isObject, parseJson, type JsonObject, type JsonValue } from './json-numbers.ts';
import type { Encoding } from './request.ts';

/** Which span is below which. */
export interface Link {
  readonly traceId: string;
  readonly spanId: string;
  /** '' for a root. */
  readonly parentSpanId: string;
}

/*
 * request ─1─▶ resource_spans ─2─▶ scope_spans ─2─▶ span; in it 1 trace_id, 2 span_id, 4 parent_span_id.
 */
const [RESOURCE_SPANS, SCOPE_SPANS, SPANS] = [1, 2, 2] as const;
const [TRACE_ID, SPAN_ID, PARENT_ID] = [1, 2, 4] as const;

/**
 * The links of all spans of some traces, whatever else the spans are: between an agent and its calls there may be any
 * number of spans that have nothing to do with LLMs. A span that can't be read gives none.
 *
 * @example readLinks(body, 'protobuf', (traceId) => wanted.has(traceId))
 */
export function readLinks(body: Uint8Array, encoding: Encoding, isWanted: (traceId: string) => boolean): Link[] {
  const links: Link[] = [];
  const take = (link: Link): void => {
    if (link.traceId !== '' && link.spanId !== '' && isWanted(link.traceId)) links.push(link);
  };
  try {
    if (encoding === 'json') readJsonLinks(body, take);
    else readProtobufLinks(body, take);
  } catch {
    // Framing that is broken further down was passed over by whoever read the spans, too.
  }
  return links;
}

function readProtobufLinks(body: Uint8Array, take: (link: Link) => void): void {
  for (const resourceSpans of fields(body, RESOURCE_SPANS))
    for (const scopeSpans of fields(resourceSpans, SCOPE_SPANS))
      for (const span of fields(scopeSpans, SPANS)) take(linkOf(span));
}

function* fields(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const { field, payload } of frames(message)) if (field === wanted && payload !== undefined) yield payload;
}

/**
 * As everybody writes it: trace id, span id, perhaps a short trace state, perhaps a parent, at places that are known then.
 * This is done for all spans of all requests while aggregates are about; undefined for what looks otherwise.
 */
function usualLink(span: Uint8Array): Link | undefined {
  if (span[0] !== 0x0a || span[1] !== 16 || span[18] !== 0x12 || span[19] !== 8) return undefined;
  let at = 28;
  if (span[at] === 0x1a) {
    const length = span[at + 1] ?? 0x80;
    if (length >= 0x80) return undefined;
    at += 2 + length;
  }
  const bytes = Buffer.from(span.buffer, span.byteOffset, span.length);
  const hasParent = bytes[at] === 0x22 && bytes[at + 1] === 8 && bytes.length >= at + 10;
  // What follows is a later field, or the parent in a shape that is read with more care.
  if (!hasParent && (bytes[at] ?? 0x22) >> 3 <= PARENT_ID) return undefined;
  return {
    traceId: unlessZero(bytes.toString('hex', 2, 18)),
    spanId: unlessZero(bytes.toString('hex', 20, 28)),
    parentSpanId: hasParent ? unlessZero(bytes.toString('hex', at + 2, at + 10)) : '',
  };
}

function linkOf(span: Uint8Array): Link {
  const usual = usualLink(span);
  if (usual !== undefined) return usual;
  let [traceId, spanId, parentSpanId] = ['', '', ''];
  try {
    for (const { field, payload } of frames(span)) {
      if (payload === undefined) continue;
      if (field === TRACE_ID) traceId = hex(payload, 16);
      else if (field === SPAN_ID) spanId = hex(payload, 8);
      else if (field === PARENT_ID) parentSpanId = hex(payload, 8);
      // Everybody writes fields in their order; who does not has the parent missed, and times are gone by.
      else if (field > PARENT_ID) break;
    }
  } catch {
    // What was read so far is as good as it gets.
  }
  return { traceId, spanId, parentSpanId };
}

function hex(bytes: Uint8Array, length: number): string {
  if (bytes.length !== length) return '';
  return unlessZero(Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('hex'));
}

function unlessZero(id: string): string {
  return id.startsWith('0') && /^0*$/.test(id) ? '' : id;
}

function readJsonLinks(body: Uint8Array, take: (link: Link) => void): void {
  if (body.length === 0) return;
  for (const resourceSpans of items(parseJson(new TextDecoder().decode(body)), 'resourceSpans'))
    for (const scopeSpans of items(resourceSpans, 'scopeSpans'))
      for (const span of items(scopeSpans, 'spans'))
        take({ traceId: id(span, 'traceId'), spanId: id(span, 'spanId'), parentSpanId: id(span, 'parentSpanId') });
}

function items(node: JsonValue, name: string): readonly JsonObject[] {
  const list = isObject(node) ? node[name] : undefined;
  return Array.isArray(list) ? (list as readonly JsonValue[]).filter(isObject) : [];
}

function id(span: JsonObject, key: string): string {
  const value = span[key];
  return typeof value === 'string' && !/^0*$/.test(value) ? value.toLowerCase() : '';
}

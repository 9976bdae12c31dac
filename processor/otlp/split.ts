import { mapField, frames } from './frames.ts';
import { isObject, parseJson, stringifyJson, type JsonObject, type JsonValue } from './json-numbers.ts';
import type { Encoding, Signal } from './request.ts';

/*
 * Requests of all three signals have the same three levels:
 *
 *     request ─1─▶ resource_spans   ─2─▶ scope_spans   ─2─▶ spans
 *                  resource_logs         scope_logs         log_records
 *                  resource_metrics      scope_metrics      metrics
 */
const LEVELS = [1, 2, 2] as const;
const NAMES = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
} as const satisfies Record<Signal, readonly string[]>;

/** How many spans, records or metrics a request holds. Throws where it is no request. */
export function countItems(body: Uint8Array, encoding: Encoding, signal: Signal): number {
  return encoding === 'json' ? countJson(rootOf(body), NAMES[signal]) : countProtobuf(body, LEVELS);
}

/**
 * The same request as two, each with half of the items, for a backend that takes no more at once; undefined where there
 * are less than two. Items keep their bytes, in JSON their digits.
 */
export function halves(
  body: Uint8Array,
  encoding: Encoding,
  signal: Signal,
): readonly [first: Uint8Array, second: Uint8Array] | undefined {
  const count = countItems(body, encoding, signal);
  if (count < 2) return undefined;
  const middle = Math.ceil(count / 2);
  const part = (keep: (index: number) => boolean): Uint8Array => {
    let next = 0;
    const isKept = (): boolean => keep(next++);
    if (encoding === 'protobuf') return filterProtobuf(body, LEVELS, isKept) ?? new Uint8Array(0);
    return Buffer.from(stringifyJson(filterJson(rootOf(body), NAMES[signal], isKept)));
  };
  return [part((index) => index < middle), part((index) => index >= middle)];
}

function countProtobuf(message: Uint8Array, [field, ...below]: readonly number[]): number {
  let count = 0;
  for (const part of frames(message))
    if (part.field === field && part.payload !== undefined)
      count += below.length === 0 ? 1 : countProtobuf(part.payload, below);
  return count;
}

/** Undefined for a message all of whose items went. */
function filterProtobuf(
  message: Uint8Array,
  [field = 0, ...below]: readonly number[],
  isKept: () => boolean,
): Uint8Array | undefined {
  let some = false;
  const filtered = mapField(message, field, (payload) => {
    const kept = below.length === 0 ? keptOrNot(payload, isKept) : filterProtobuf(payload, below, isKept);
    if (kept !== undefined) some = true;
    return kept;
  });
  return some ? filtered : undefined;
}

function keptOrNot(payload: Uint8Array, isKept: () => boolean): Uint8Array | undefined {
  return isKept() ? payload : undefined;
}

function rootOf(body: Uint8Array): JsonObject {
  const root = body.length === 0 ? {} : parseJson(new TextDecoder().decode(body));
  if (!isObject(root)) throw new SyntaxError('the top level is not an object');
  return root;
}

function countJson(node: JsonValue | undefined, [name, ...below]: readonly string[]): number {
  const items = itemsOf(node, name);
  return below.length === 0 ? items.length : items.reduce<number>((sum, item) => sum + countJson(item, below), 0);
}

function filterJson(node: JsonObject, [name = '', ...below]: readonly string[], isKept: () => boolean): JsonObject {
  const items = itemsOf(node, name).flatMap((item): JsonValue[] => {
    if (below.length === 0) return isKept() ? [item] : [];
    if (!isObject(item)) return [item];
    const filtered = filterJson(item, below, isKept);
    return itemsOf(filtered, below[0]).length === 0 ? [] : [filtered];
  });
  return { ...node, [name]: items };
}

function itemsOf(node: JsonValue | undefined, name: string | undefined): readonly JsonValue[] {
  const items = isObject(node) && name !== undefined ? node[name] : undefined;
  return Array.isArray(items) ? (items as readonly JsonValue[]) : [];
}

import type { KeySet } from './keys.ts';
import { SCOPE_SPANS, SPAN, type Frame } from './layout.ts';
import { KEY, VALUE, type Pair } from './pair.ts';
import { Cursor, doubt, isMistyped } from './wire.ts';

/**
 * Shows `take` the spans that have a key of interest, or all without `keys`; answers how many it did not. This is what most
 * spans of most applications cost: a look at each key, and not one object.
 */
export function searchSpans(
  bytes: Buffer,
  scope: Frame,
  keys: KeySet | undefined,
  pair: Pair,
  take: (frame: Frame) => void,
): number {
  let passed = 0;
  const cursor = new Cursor(bytes, scope.start, scope.end);
  const inside = new Cursor(bytes);
  while (!cursor.isDone) {
    const tagAt = cursor.at;
    const tag = cursor.tag();
    if (tag !== SCOPE_SPANS.span) {
      if (isMistyped(tag, SCOPE_SPANS.span)) throw doubt;
      cursor.skip(tag & 7);
      continue;
    }
    const lengthAt = cursor.at;
    const length = cursor.length();
    const start = cursor.at;
    const end = start + length;
    if (keys === undefined || hasKey(inside.within(start, end), keys, pair)) take({ tagAt, lengthAt, start, end });
    else passed++;
    cursor.at = end;
  }
  return passed;
}

/** A span without such a key is walked over to its end, so that one whose bytes are broken is never passed on as sound. */
function hasKey(cursor: Cursor, keys: KeySet, pair: Pair): boolean {
  while (!cursor.isDone) {
    const tag = cursor.tag();
    if (tag !== SPAN.attribute) {
      if (isMistyped(tag, SPAN.attribute)) throw doubt;
      cursor.skip(tag & 7);
      continue;
    }
    const length = cursor.length();
    const end = cursor.at + length;
    if (isKeyIn(cursor, end, keys, pair)) return true;
    cursor.at = end;
  }
  return false;
}

/** As everybody writes it, key and value stand there once, in this order; else the attribute is walked over. */
function isKeyIn(cursor: Cursor, end: number, keys: KeySet, pair: Pair): boolean {
  const { bytes, at: start } = cursor;
  const length = bytes[start + 1] ?? 0;
  const keyStart = start + 2;
  const keyEnd = keyStart + length;
  if (bytes[start] === KEY && length < 0x80 && keyEnd < end && bytes[keyEnd] === VALUE) {
    cursor.at = keyEnd + 1;
    if (cursor.varint() === end - cursor.at) return keys.has(bytes, keyStart, length);
  }
  pair.read(start, end);
  return keys.has(bytes, pair.keyStart, pair.keyEnd - pair.keyStart);
}

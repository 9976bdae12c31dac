import type { AttributeMap, AttributeValue } from '../request.ts';
import { Pair } from './pair.ts';
import { BIT64, Cursor, doubt, LENGTH_DELIMITED, tagOf, VARINT } from './wire.ts';

/** AnyValue, a oneof; ArrayValue and KeyValueList hold their items in field 1. */
const STRING_VALUE = tagOf(1, LENGTH_DELIMITED);
const BOOL_VALUE = tagOf(2, VARINT);
const INT_VALUE = tagOf(3, VARINT);
const DOUBLE_VALUE = tagOf(4, BIT64);
const ARRAY_VALUE = tagOf(5, LENGTH_DELIMITED);
const KVLIST_VALUE = tagOf(6, LENGTH_DELIMITED);
const BYTES_VALUE = tagOf(7, LENGTH_DELIMITED);
const ITEMS = tagOf(1, LENGTH_DELIMITED);

/** Deeper ones are left to the library, which has a limit of its own. */
const MAX_DEPTH = 50;

/** Reads the AnyValue in [start, end). A text that is no UTF-8 is read with U+FFFD in place of what is none. */
export function readValue(bytes: Buffer, start: number, end: number, depth = 0): AttributeValue {
  const cursor = new Cursor(bytes, start, end);
  if (cursor.isDone) return null;
  const value = readChosen(cursor, cursor.tag(), depth);
  // More than one field: of a oneof the last counts, messages are merged. Nobody sends it.
  if (!cursor.isDone) throw doubt;
  return value;
}

function readChosen(cursor: Cursor, tag: number, depth: number): AttributeValue {
  switch (tag) {
    case STRING_VALUE:
      return payload(cursor, (start, end) => cursor.bytes.toString('utf8', start, end));
    case INT_VALUE:
      return cursor.int64();
    case DOUBLE_VALUE:
      return cursor.double();
    case BOOL_VALUE:
      return cursor.int64() !== 0;
    case BYTES_VALUE:
      return payload(cursor, (start, end) => new Uint8Array(cursor.bytes.subarray(start, end)));
    case ARRAY_VALUE:
      return payload(cursor, (start, end) => readArray(cursor.bytes, start, end, depth + 1));
    case KVLIST_VALUE:
      return payload(cursor, (start, end) => readPairs(cursor.bytes, start, end, depth + 1));
    default:
      throw doubt;
  }
}

function payload<T>(cursor: Cursor, read: (start: number, end: number) => T): T {
  const length = cursor.length();
  const start = cursor.at;
  cursor.at += length;
  return read(start, cursor.at);
}

function readArray(bytes: Buffer, start: number, end: number, depth: number): AttributeValue[] {
  const items: AttributeValue[] = [];
  eachItem(bytes, start, end, depth, (from, to) => items.push(readValue(bytes, from, to, depth)));
  return items;
}

function readPairs(bytes: Buffer, start: number, end: number, depth: number): AttributeMap {
  const map = new Map<string, AttributeValue>();
  const pair = new Pair(bytes);
  eachItem(bytes, start, end, depth, (from, to) => {
    const { keyStart, keyEnd, valueStart, valueEnd } = pair.read(from, to);
    const value = valueStart < 0 ? null : readValue(bytes, valueStart, valueEnd, depth);
    map.set(bytes.toString('utf8', keyStart, keyEnd), value);
  });
  return map;
}

function eachItem(
  bytes: Buffer,
  start: number,
  end: number,
  depth: number,
  take: (start: number, end: number) => void,
): void {
  if (depth > MAX_DEPTH) throw doubt;
  const cursor = new Cursor(bytes, start, end);
  while (!cursor.isDone) {
    if (cursor.tag() !== ITEMS) throw doubt;
    payload(cursor, take);
  }
}

import type { Additions } from '../request.ts';
import { BIT64, LENGTH_DELIMITED, tagOf, varintSize, writeVarint } from './wire.ts';

/**
 * An attribute of ours, as it stands in a span:
 *
 *     | 9 attribute | length | 1 key | length | key ... | 2 value | length | 1 string | length | text ... |
 *                                                                          | 4 double | 8 bytes |
 */
const ATTRIBUTE = tagOf(9, LENGTH_DELIMITED);
const KEY = tagOf(1, LENGTH_DELIMITED);
const VALUE = tagOf(2, LENGTH_DELIMITED);
const STRING_VALUE = tagOf(1, LENGTH_DELIMITED);
const DOUBLE_VALUE = tagOf(4, BIT64);
const DOUBLE = 8;

/** Status, source, price and its version are few, and made once; of amounts only what stands in front of the number is. */
const MAX_TEXTS = 4_096;
const texts = new Map<string, Map<string, Buffer>>();
let remembered = 0;
const doubles = new Map<string, Buffer>();

/** The bytes that all additions to one span take, one behind the other. `null` adds nothing: it only takes away. */
export function additionSize(additions: Additions): number {
  let size = 0;
  for (const key in additions) {
    const value = additions[key];
    if (typeof value === 'string') size += textAttribute(key, value).length;
    else if (typeof value === 'number') size += doubleAttribute(key).length;
  }
  return size;
}

/** Writes them, and answers where they end. */
export function writeAdditions(into: Buffer, at: number, additions: Additions): number {
  let next = at;
  for (const key in additions) {
    const value = additions[key];
    if (typeof value === 'string') next += textAttribute(key, value).copy(into, next);
    else if (typeof value === 'number') {
      next += doubleAttribute(key).copy(into, next);
      into.writeDoubleLE(value, next - DOUBLE);
    }
  }
  return next;
}

/** With zeros in place of the number. */
function doubleAttribute(key: string): Buffer {
  let bytes = doubles.get(key);
  if (bytes === undefined) {
    bytes = attribute(key, Buffer.from([DOUBLE_VALUE, ...new Uint8Array(DOUBLE)]));
    doubles.set(key, bytes);
  }
  return bytes;
}

function textAttribute(key: string, text: string): Buffer {
  let known = texts.get(key);
  if (known === undefined) texts.set(key, (known = new Map<string, Buffer>()));
  let bytes = known.get(text);
  if (bytes === undefined) {
    bytes = attribute(key, field(STRING_VALUE, Buffer.from(text)));
    if (remembered++ < MAX_TEXTS) known.set(text, bytes);
  }
  return bytes;
}

function attribute(key: string, anyValue: Uint8Array): Buffer {
  return field(ATTRIBUTE, Buffer.concat([field(KEY, Buffer.from(key)), field(VALUE, anyValue)]));
}

function field(tag: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(1 + varintSize(payload.length) + payload.length);
  const at = writeVarint(bytes, writeVarint(bytes, 0, tag), payload.length);
  bytes.set(payload, at);
  return bytes;
}

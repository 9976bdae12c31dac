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

/** Status, source, price and its version are few; the amounts are not remembered, but overwritten in a copy. */
const MAX_TEXTS = 4_096;
const texts = new Map<string, Map<string, Buffer>>();
let remembered = 0;
const doubles = new Map<string, Buffer>();

/** All additions to one span, one behind the other. `null` adds nothing: it only takes away. */
export function additionBytes(additions: Additions): Buffer {
  const parts: Buffer[] = [];
  for (const key of Object.keys(additions)) {
    const value = additions[key];
    if (typeof value === 'string') parts.push(textAttribute(key, value));
    else if (typeof value === 'number') parts.push(doubleAttribute(key, value));
  }
  return Buffer.concat(parts);
}

function doubleAttribute(key: string, value: number): Buffer {
  let template = doubles.get(key);
  if (template === undefined)
    doubles.set(key, (template = attribute(key, Buffer.from([DOUBLE_VALUE, ...new Uint8Array(8)]))));
  const copy = Buffer.from(template);
  copy.writeDoubleLE(value, copy.length - 8);
  return copy;
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

import { crc32 } from 'node:zlib';
import { signals, type Encoding } from '../../otlp/request.ts';
import type { Parcel } from '../exporter.ts';

/**
 * A segment file is a row of records, each a parcel:
 *
 *     | length u32 | crc32 u32 | signal u8 | encoding u8 | items u32 | body ...... |
 *     '-------- head --------' '------------ `length` bytes, what the crc covers --'
 *
 * Numbers are little-endian. A record that was torn by a crash has a length beyond the file's end or a wrong crc: reading
 * stops there, and nothing behind it was ever acknowledged.
 */
const LENGTH_AT = 0;
const CRC_AT = 4;
const HEAD = 8;
const SIGNAL_AT = 0;
const ENCODING_AT = 1;
const ITEMS_AT = 2;
const BODY_AT = 6;

const encodings: readonly Encoding[] = ['protobuf', 'json'];

/** The bytes that a parcel takes in a segment. */
export function recordSize(parcel: Parcel): number {
  return HEAD + BODY_AT + parcel.body.length;
}

/** Head and body apart, so that the body is not copied. */
export function encodeRecord({ signal, encoding, items, body }: Parcel): readonly [head: Buffer, body: Uint8Array] {
  const head = Buffer.alloc(HEAD + BODY_AT);
  const meta = head.subarray(HEAD);
  meta.writeUInt8(signals.indexOf(signal), SIGNAL_AT);
  meta.writeUInt8(encodings.indexOf(encoding), ENCODING_AT);
  meta.writeUInt32LE(items, ITEMS_AT);
  head.writeUInt32LE(BODY_AT + body.length, LENGTH_AT);
  head.writeUInt32LE(crc32(body, crc32(meta)), CRC_AT);
  return [head, body];
}

/** The record that starts at `offset`, and where the next one does; undefined where there is no whole one. */
export function decodeRecord(
  segment: Buffer,
  offset: number,
): { readonly parcel: Parcel; readonly next: number } | undefined {
  if (segment.length - offset < HEAD + BODY_AT) return undefined;
  const next = offset + HEAD + segment.readUInt32LE(offset + LENGTH_AT);
  if (next > segment.length || next < offset + HEAD + BODY_AT) return undefined;
  const covered = segment.subarray(offset + HEAD, next);
  if (crc32(covered) !== segment.readUInt32LE(offset + CRC_AT)) return undefined;
  const signal = signals[covered.readUInt8(SIGNAL_AT)];
  const encoding = encodings[covered.readUInt8(ENCODING_AT)];
  if (signal === undefined || encoding === undefined) return undefined;
  return { parcel: { signal, encoding, items: covered.readUInt32LE(ITEMS_AT), body: covered.subarray(BODY_AT) }, next };
}

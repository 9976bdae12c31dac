import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * A protobuf message is a row of fields, each with its tag in front:
 *
 *     | tag | length | payload ...... | tag | varint | tag | length | payload ... |
 *     '---------- frame -------------'
 *
 * Walking over frames without looking into them is how what we do not change stays byte for byte as it was sent, whatever
 * it holds: unknown fields, odd varints, invalid UTF-8, any order.
 */
export interface Frame {
  readonly field: number;
  /** Tag, length and payload. */
  readonly bytes: Uint8Array;
  /** Undefined for a field that is not length-delimited. */
  readonly payload: Uint8Array | undefined;
}

/** Throws where the bytes end too early or are no protobuf. */
export function* frames(message: Uint8Array): Generator<Frame> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) {
      const payload = reader.bytes();
      yield { field, bytes: message.subarray(start, reader.pos), payload };
    } else {
      reader.skip(wireType, field);
      yield { field, bytes: message.subarray(start, reader.pos), payload: undefined };
    }
  }
}

/** One length-delimited field, tag and all. */
export function frame(field: number, payload: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(payload).finish();
}

/**
 * The message with the payloads of `field` replaced by what `map` answers; undefined leaves the field out. Gives the very
 * same bytes back when nothing changed.
 */
export function mapField(
  message: Uint8Array,
  field: number,
  map: (payload: Uint8Array) => Uint8Array | undefined,
): Uint8Array {
  const kept: Uint8Array[] = [];
  let changed = false;
  for (const part of frames(message)) {
    const mapped = part.field === field && part.payload !== undefined ? map(part.payload) : part.payload;
    if (mapped === part.payload) kept.push(part.bytes);
    else changed = true;
    if (mapped !== part.payload && mapped !== undefined) kept.push(frame(field, mapped));
  }
  return changed ? Buffer.concat(kept) : message;
}

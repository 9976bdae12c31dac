/**
 * Protobuf's wire format, as far as OTLP uses it. A message is a row of fields, each with a tag in front:
 *
 *     | tag | varint |  | tag | 8 bytes |  | tag | length | payload ...... |  | tag | 4 bytes |
 *       n<<3|0            n<<3|1             n<<3|2                             n<<3|5
 */
export const VARINT = 0;
export const BIT64 = 1;
export const LENGTH_DELIMITED = 2;
export const BIT32 = 5;

/** What a field's tag is, as a number. */
export function tagOf(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

/**
 * Thrown for bytes that are broken, or that are sound but so odd (groups, lengths of 5 GB) that they are better left to a
 * library. It carries no message, because nobody reads it: the slow path finds out what is wrong, and where.
 */
export const doubt: Error = new Error('not read by the scanner');

/** 2^28: beyond it the bits of a varint do not fit into the shifts of a 32-bit integer. */
const SHIFTED = 28;
const MAX_VARINT = 10;
/** Fields count from 1, and tags have 32 bits. */
const FIRST_TAG = 8;
const LAST_TAG = 0xffffffff;

/** A place in bytes, and the steps from there. Never reads past `end`. */
export class Cursor {
  readonly bytes: Buffer;
  at: number;
  end: number;

  constructor(bytes: Buffer, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** The same place, but not beyond `end`. For use until the work in there is done. */
  within(at: number, end: number): this {
    this.at = at;
    this.end = end;
    return this;
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  /** A field's tag. */
  tag(): number {
    const tag = this.varint();
    if (tag < FIRST_TAG || tag > LAST_TAG) throw doubt;
    return tag;
  }

  /** A tag or a length: anything below 2^53. */
  varint(): number {
    if (this.at >= this.end) throw doubt;
    const first = this.bytes[this.at++] ?? 0;
    return first < 0x80 ? first : this.#longVarint(first);
  }

  #longVarint(first: number): number {
    let value = first & 0x7f;
    for (let shift = 7; shift < MAX_VARINT * 7; shift += 7) {
      if (this.at >= this.end) throw doubt;
      const byte = this.bytes[this.at++] ?? 0;
      value = shift < SHIFTED ? value | ((byte & 0x7f) << shift) : value + (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw doubt;
        return value;
      }
    }
    throw doubt;
  }

  /** The length of a payload that ends within these bytes. */
  length(): number {
    const length = this.varint();
    if (length > this.end - this.at) throw doubt;
    return length;
  }

  /** Steps over the value of a field. */
  skip(wireType: number): void {
    if (wireType === LENGTH_DELIMITED) {
      // The order matters: reading the length moves `at`.
      const length = this.length();
      this.at += length;
    } else if (wireType === VARINT) this.#skipVarint();
    else if (wireType === BIT64) this.#step(8);
    else if (wireType === BIT32) this.#step(4);
    else throw doubt;
  }

  #step(size: number): void {
    this.at += size;
    if (this.at > this.end) throw doubt;
  }

  #skipVarint(): void {
    for (let size = 1; size <= MAX_VARINT; size++) {
      if (this.at >= this.end) throw doubt;
      if ((this.bytes[this.at++] ?? 0) < 0x80) return;
    }
    throw doubt;
  }

  /** An int64, two's complement: a number where one can hold it. */
  int64(): number | bigint {
    let value = 0n;
    for (let size = 0; size < MAX_VARINT; size++) {
      if (this.at >= this.end) throw doubt;
      const byte = this.bytes[this.at++] ?? 0;
      // Counts are small: up to 28 bits without a bigint.
      if (size === 0 && byte < 0x80) return byte;
      value |= BigInt(byte & 0x7f) << BigInt(size * 7);
      if (byte < 0x80) {
        const signed = BigInt.asIntN(64, value);
        const number = Number(signed);
        return Number.isSafeInteger(number) ? number : signed;
      }
    }
    throw doubt;
  }

  /** A small number, or 0 for none that makes sense (as for unknown values of an enum). */
  int32(): number {
    const value = this.int64();
    return typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value));
  }

  /** `view` is over the same bytes: it makes one bigint of them, where a Buffer's own method makes four. */
  fixed64(view: DataView): bigint {
    const { at } = this;
    this.#step(8);
    return view.getBigUint64(at, true);
  }

  double(): number {
    const { at } = this;
    this.#step(8);
    return this.bytes.readDoubleLE(at);
  }
}

/** Bytes that a varint takes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes a varint and answers where it ends. */
export function writeVarint(into: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) into[next++] = (rest & 0x7f) | 0x80;
  into[next++] = rest;
  return next;
}

/** Whether a tag is that of a field we know, in a wire type that it does not have. */
export function isMistyped(tag: number, known: number): boolean {
  return tag >>> 3 === known >>> 3 && tag !== known;
}

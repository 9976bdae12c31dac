/** A number from 0 to 1; the same ones for the same seed. */
export type Random = () => number;

/** Where length fields, varints and texts break. */
const ODD = [0x00, 0x01, 0x08, 0x0a, 0x12, 0x22, 0x2c, 0x30, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xff];
const LARGEST = 1 << 16;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** One to eight changes: bytes set, bits flipped, pieces cut, doubled, or taken from another. */
export function mutate(bytes: Buffer, other: Buffer, random: Random): Buffer {
  const below = (end: number): number => Math.floor(random() * end);
  let out: Buffer = Buffer.from(bytes);
  for (let left = 1 + below(8); left > 0; left--) {
    const at = below(out.length + 1);
    const length = 1 + below(Math.min(64, out.length - at + 1));
    const changes: readonly (() => Buffer)[] = [
      () => put(out, at, ODD[below(ODD.length)] ?? 0),
      () => put(out, at, (out[at] ?? 0) ^ (1 << below(8))),
      () => put(out, at, below(256)),
      () => Buffer.concat([out.subarray(0, at), out.subarray(at + length)]),
      () => Buffer.concat([out.subarray(0, at + length), out.subarray(at)]),
      () => Buffer.concat([out.subarray(0, at), Buffer.alloc(length, ODD[below(ODD.length)]), out.subarray(at)]),
      () => Buffer.concat([out.subarray(0, at), other.subarray(below(other.length))]),
      () => out.subarray(0, at),
    ];
    out = changes[below(changes.length)]?.() ?? out;
  }
  return out.subarray(0, LARGEST);
}

function put(bytes: Buffer, at: number, value: number): Buffer {
  if (at < bytes.length) bytes[at] = value;
  return bytes;
}

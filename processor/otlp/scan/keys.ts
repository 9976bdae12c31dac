/**
 * Attribute keys, found by their bytes: a hash of length, first, middle and last byte, and then all bytes. No string is made.
 */
const SLOTS = 1 << 12;
/** A key longer than this is a stranger's: it is read as it is, and not remembered. */
const LONGEST = 128;

function slotOf(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0) return 0;
  const first = bytes[start] ?? 0;
  const middle = bytes[start + (length >> 1)] ?? 0;
  const last = bytes[start + length - 1] ?? 0;
  return (Math.imul((((length * 31 + first) * 31 + middle) * 31 + last) | 0, 0x9e3779b1) >>> 20) & (SLOTS - 1);
}

function isAt(key: Uint8Array, bytes: Uint8Array, start: number): boolean {
  // From the end: keys have their beginnings in common.
  for (let index = key.length - 1; index >= 0; index--) if (key[index] !== bytes[start + index]) return false;
  return true;
}

/** A set of keys that is asked by bytes. */
export interface KeySet {
  has(bytes: Uint8Array, start: number, length: number): boolean;
}

/** @example keySet(['gen_ai.system']).has(Buffer.from('gen_ai.system'), 0, 13) // true */
export function keySet(keys: Iterable<string>): KeySet {
  const slots: (Uint8Array[] | undefined)[] = Array.from({ length: SLOTS });
  for (const key of keys) {
    const bytes = Buffer.from(key);
    (slots[slotOf(bytes, 0, bytes.length)] ??= []).push(bytes);
  }
  return {
    has(bytes, start, length) {
      const found = slots[slotOf(bytes, start, length)];
      if (found === undefined) return false;
      for (const key of found) if (key.length === length && isAt(key, bytes, start)) return true;
      return false;
    },
  };
}

/** Texts that come again and again, made once. */
export interface Interner {
  text(bytes: Buffer, start: number, length: number): string;
}

/** Texts a slot remembers; the whole takes at most SLOTS x DEPTH of them, whatever is sent. */
const DEPTH = 4;

export function interner(): Interner {
  const slots: { bytes: Uint8Array; text: string }[][] = Array.from({ length: SLOTS }, () => []);
  return {
    text(bytes, start, length) {
      if (length > LONGEST) return bytes.toString('utf8', start, start + length);
      const slot = slots[slotOf(bytes, start, length)] ?? [];
      for (const known of slot) if (known.bytes.length === length && isAt(known.bytes, bytes, start)) return known.text;
      const text = bytes.toString('utf8', start, start + length);
      if (slot.length >= DEPTH) return text;
      const unique = internalized(text);
      slot.push({ bytes: new Uint8Array(bytes.subarray(start, start + length)), text: unique });
      return unique;
    },
  };
}

/** V8 keeps names of properties once each, and compares two such by their address alone. */
function internalized(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text;
}

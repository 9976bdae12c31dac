/** Values of contract.yaml, all of which come as texts. */
import { parseUsd, type FemtoUsd } from './money.ts';
import { percentOff } from './settle.ts';
import { text, type Node } from './strict-reader.ts';

export function optional<T>(node: Node, read: (node: Node) => T): T | undefined {
  return node.value === undefined ? undefined : read(node);
}

/** Runs a reader of text; what it throws is reported where the text stands. */
export function attempt<T>(node: Node, fallback: T, read: (text: string) => T): T {
  const value = text(node);
  if (value === '') return fallback;
  try {
    return read(value);
  } catch (error) {
    node.report(node, error instanceof Error ? error.message : String(error));
    return fallback;
  }
}

export function amount(node: Node): FemtoUsd {
  return attempt(node, 0n, (value) => {
    const usd = parseUsd(value);
    if (usd < 0n) throw new RangeError(`"${value}" is negative`);
    return usd;
  });
}

export function off(node: Node): bigint {
  return attempt(node, 0n, percentOff);
}

export function whole(node: Node): number {
  return attempt(node, 0, (value) => {
    const count = /^\d+$/.test(value) ? Number(value) : NaN;
    if (!Number.isSafeInteger(count) || count === 0) throw new RangeError(`"${value}" is not a whole number above 0`);
    return count;
  });
}

import type { Lease } from './lease.ts';

/** What this process itself knows of one key of a budget: calls that are open, and what was settled but is not told yet. */
export interface Local {
  /** The sum of open reservations. */
  open: bigint;
  /** Calls with one. */
  calls: number;
  /** The sum of `pieces`. */
  unseen: bigint;
  /** The oldest first. */
  pieces: Piece[];
  /** What may be spent of a cap that is leased. */
  lease: Lease | undefined;
}

interface Piece {
  amount: bigint;
  readonly atMs: number;
}

/** What has not been told by then will not be: it was lost on its way, or is in what was told before. */
const FORGET_MS = 60_000;
/** Costs of the same time are one piece. */
const GRAIN_MS = 1000;

export function emptyLocal(): Local {
  return { open: 0n, calls: 0, unseen: 0n, pieces: [], lease: undefined };
}

/** A call has settled; the processor will hear of it. */
export function settleLocal(local: Local, amount: bigint, atMs: number): void {
  if (amount <= 0n) return;
  const last = local.pieces.at(-1);
  if (last !== undefined && atMs - last.atMs < GRAIN_MS && atMs >= last.atMs) last.amount += amount;
  else local.pieces.push({ amount, atMs });
  local.unseen += amount;
}

/** The processor's figure has risen: what we knew ahead of it is in there, the oldest first. */
export function acknowledge(local: Local, risen: bigint): void {
  let left = risen;
  while (left > 0n) {
    const [first] = local.pieces;
    if (first === undefined) return;
    const taken = first.amount < left ? first.amount : left;
    first.amount -= taken;
    local.unseen -= taken;
    left -= taken;
    if (first.amount === 0n) local.pieces.shift();
  }
}

/** Only while the processor is heard: with nobody to tell it, what we know ourselves is all there is. */
export function forgetOld(local: Local, nowMs: number): void {
  for (let [first] = local.pieces; first !== undefined && nowMs - first.atMs > FORGET_MS; [first] = local.pieces) {
    local.unseen -= first.amount;
    local.pieces.shift();
  }
}

export function isIdle({ calls, pieces, lease }: Local): boolean {
  return calls === 0 && pieces.length === 0 && lease === undefined;
}

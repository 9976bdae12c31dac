import { randomFillSync } from 'node:crypto';

/** 64 bits tell a call from all others: they are random for real, drawn for many at a time. */
const pool = Buffer.allocUnsafeSlow(4096);
let at = pool.length;

function draw(bytes: number): string {
  if (at + bytes > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += bytes;
  return pool.toString('hex', at - bytes, at);
}

/** 16 hex digits. @example newSpanId() // '5fb397be34d26b51' */
export function newSpanId(): string {
  return notZero(draw(8), newSpanId);
}

/** 32 hex digits. */
export function newTraceId(): string {
  return notZero(draw(16), newTraceId);
}

/** https://www.w3.org/TR/trace-context-2/: an id of zeros alone is none. */
function notZero(id: string, again: () => string): string {
  return /[^0]/.test(id) ? id : again();
}

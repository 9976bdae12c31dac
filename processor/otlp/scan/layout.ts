import { Cursor, doubt, isMistyped, LENGTH_DELIMITED, tagOf, VARINT, BIT64 } from './wire.ts';

/**
 * The levels down to a span. What is in brackets is read; everything else is stepped over by its length, and no object is
 * made for it:
 *
 *     request
 *      └─ 1 resource_spans
 *          ├─ 1 resource ── 1 [attributes]
 *          └─ 2 scope_spans
 *              ├─ 1 scope ── 1 [name] · 2 [version]
 *              └─ 2 span ── 9 attributes ── 1 [key]: is it one of interest? Only then:
 *                    1 [trace_id] 2 [span_id] 4 [parent] 5 [name] 6 [kind] 7 [start] 8 [end] 9 [attributes] 15 [status]
 */
export const REQUEST = { resourceSpans: tagOf(1, LENGTH_DELIMITED) } as const;
export const RESOURCE_SPANS = { resource: tagOf(1, LENGTH_DELIMITED), scopeSpans: tagOf(2, LENGTH_DELIMITED) } as const;
export const RESOURCE = { attribute: tagOf(1, LENGTH_DELIMITED) } as const;
export const SCOPE_SPANS = { scope: tagOf(1, LENGTH_DELIMITED), span: tagOf(2, LENGTH_DELIMITED) } as const;
export const SCOPE = { name: tagOf(1, LENGTH_DELIMITED), version: tagOf(2, LENGTH_DELIMITED) } as const;
export const SPAN = {
  traceId: tagOf(1, LENGTH_DELIMITED),
  spanId: tagOf(2, LENGTH_DELIMITED),
  parentId: tagOf(4, LENGTH_DELIMITED),
  name: tagOf(5, LENGTH_DELIMITED),
  kind: tagOf(6, VARINT),
  start: tagOf(7, BIT64),
  end: tagOf(8, BIT64),
  attribute: tagOf(9, LENGTH_DELIMITED),
  status: tagOf(15, LENGTH_DELIMITED),
} as const;
export const STATUS = { message: tagOf(2, LENGTH_DELIMITED), code: tagOf(3, VARINT) } as const;

/** Where a message stands in the bytes: its tag, its length, and its payload, which is [start, end). */
export interface Frame {
  readonly tagAt: number;
  readonly lengthAt: number;
  readonly start: number;
  readonly end: number;
}

/** The frames of one field of the message in [start, end). */
export function framesOf(bytes: Buffer, { start, end }: Pick<Frame, 'start' | 'end'>, wanted: number): Frame[] {
  const frames: Frame[] = [];
  const cursor = new Cursor(bytes, start, end);
  while (!cursor.isDone) {
    const tagAt = cursor.at;
    const tag = cursor.tag();
    if (tag !== wanted) {
      if (isMistyped(tag, wanted)) throw doubt;
      cursor.skip(tag & 7);
      continue;
    }
    const lengthAt = cursor.at;
    const length = cursor.length();
    frames.push({ tagAt, lengthAt, start: cursor.at, end: cursor.at + length });
    cursor.at += length;
  }
  return frames;
}

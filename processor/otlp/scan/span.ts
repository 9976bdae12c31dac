import type { AttributeMap, Scope, Span } from '../request.ts';
import { ScannedAttributes } from './attributes.ts';
import { SPAN, STATUS, type Frame } from './layout.ts';
import type { AttributeTable } from './table.ts';
import { Cursor, doubt, isMistyped, LENGTH_DELIMITED } from './wire.ts';

/** A span that was read, and where it stands. */
export interface ScannedSpan extends Frame {
  readonly span: Span;
  readonly attributes: ScannedAttributes;
}

/** A request that is being read. */
export interface Source {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly table: AttributeTable;
}

const known: readonly number[] = Object.values(SPAN);

/** Reads a span, but for the values of its attributes, which wait until they are asked for. */
export function readSpan(
  { bytes, view, table }: Source,
  frame: Frame,
  scope: Scope,
  resource: AttributeMap,
): ScannedSpan {
  const cursor = new Cursor(bytes, frame.start, frame.end);
  const attributes = new ScannedAttributes(table);
  let traceId = '';
  let spanId = '';
  let parentSpanId = '';
  let name = '';
  let kind = 0;
  let startUnixNano = 0n;
  let endUnixNano = 0n;
  let status = UNSET;
  while (!cursor.isDone) {
    const tagAt = cursor.at;
    const tag = cursor.tag();
    if (tag === SPAN.kind) kind = cursor.int32();
    else if (tag === SPAN.start) startUnixNano = cursor.fixed64(view);
    else if (tag === SPAN.end) endUnixNano = cursor.fixed64(view);
    else if ((tag & 7) !== LENGTH_DELIMITED) {
      // A field of ours in a wrong wire type is for the library; one that we do not read is none of our business.
      if (known.some((ours) => isMistyped(tag, ours))) throw doubt;
      cursor.skip(tag & 7);
    } else {
      const length = cursor.length();
      const { at } = cursor;
      const end = at + length;
      cursor.at = end;
      if (tag === SPAN.attribute) attributes.add(tagAt, at, end);
      else if (tag === SPAN.traceId) traceId = id(bytes, at, length, 16);
      else if (tag === SPAN.spanId) spanId = id(bytes, at, length, 8);
      else if (tag === SPAN.parentId) parentSpanId = id(bytes, at, length, 8);
      else if (tag === SPAN.name) name = bytes.toString('utf8', at, end);
      else if (tag === SPAN.status) {
        // Two of them would have to be merged.
        if (status !== UNSET) throw doubt;
        status = readStatus(bytes, at, end);
      } else if (known.some((ours) => isMistyped(tag, ours))) throw doubt;
    }
  }
  const { statusCode, statusMessage } = status;
  const span: Span = {
    traceId,
    spanId,
    parentSpanId,
    name,
    kind,
    startUnixNano,
    endUnixNano,
    statusCode,
    statusMessage,
    attributes,
    scope,
    resource,
  };
  const { tagAt, lengthAt, start, end } = frame;
  return { tagAt, lengthAt, start, end, span, attributes };
}

type Status = Pick<Span, 'statusCode' | 'statusMessage'>;
const UNSET: Status = { statusCode: 0, statusMessage: '' };

function readStatus(bytes: Buffer, start: number, end: number): Status {
  const cursor = new Cursor(bytes, start, end);
  let statusCode = 0;
  let statusMessage = '';
  while (!cursor.isDone) {
    const tag = cursor.tag();
    if (tag === STATUS.code) statusCode = cursor.int32();
    else if (tag === STATUS.message) {
      const length = cursor.length();
      statusMessage = bytes.toString('utf8', cursor.at, cursor.at + length);
      cursor.at += length;
    } else {
      if (isMistyped(tag, STATUS.code) || isMistyped(tag, STATUS.message)) throw doubt;
      cursor.skip(tag & 7);
    }
  }
  return { statusCode, statusMessage };
}

/** Hex; '' for one of a wrong length. */
function id(bytes: Buffer, at: number, length: number, wanted: number): string {
  return length === wanted ? bytes.toString('hex', at, at + length) : '';
}

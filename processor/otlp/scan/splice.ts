import type { Additions, Span } from '../request.ts';
import { additionSize, writeAdditions } from './addition-bytes.ts';
import type { Frame } from './layout.ts';
import type { ScannedResource, ScannedScope } from './scan.ts';
import type { ScannedSpan } from './span.ts';
import { varintSize, writeVarint } from './wire.ts';

/**
 * The bytes with some ranges replaced. A span that grows makes the lengths of all messages around it grow:
 *
 *     … | tag | LENGTH | … | tag | LENGTH | … | tag | LENGTH | span … OLD ATTRIBUTE … ┊ | …
 *              edit 1             edit 2             edit 3      edit 4 (taken away)   └ edit 5 (ours, put in)
 *
 * Everything between edits is copied as it is.
 */
interface Edit {
  readonly start: number;
  readonly end: number;
  /** In place of what was there; a number is a length, written as a varint. */
  with: Additions | number | undefined;
}

/** The bytes with additions and without what is dropped; the very same bytes when there is neither. */
export function spliceSpans(
  bytes: Buffer,
  resources: readonly ScannedResource[],
  additions: ReadonlyMap<Span, Additions>,
  dropped: ReadonlySet<Span>,
): Uint8Array {
  if (additions.size === 0 && dropped.size === 0) return bytes;
  const edits: Edit[] = [];
  let growth = 0;
  for (const resource of resources)
    growth += around(resource, edits, () => scopesOf(resource, edits, additions, dropped));
  return edits.length === 0 ? bytes : apply(bytes, edits, bytes.length + growth);
}

function scopesOf(
  resource: ScannedResource,
  edits: Edit[],
  additions: ReadonlyMap<Span, Additions>,
  dropped: ReadonlySet<Span>,
): number {
  let growth = 0;
  for (const scope of resource.scopes) growth += around(scope, edits, () => spansOf(scope, edits, additions, dropped));
  return growth;
}

function spansOf(
  scope: ScannedScope,
  edits: Edit[],
  additions: ReadonlyMap<Span, Additions>,
  dropped: ReadonlySet<Span>,
): number {
  let growth = 0;
  for (const scanned of scope.spans) {
    if (dropped.has(scanned.span)) {
      edits.push({ start: scanned.tagAt, end: scanned.end, with: undefined });
      growth -= scanned.end - scanned.tagAt;
      continue;
    }
    const added = additions.get(scanned.span);
    if (added !== undefined) growth += around(scanned, edits, () => attributesOf(scanned, edits, added));
  }
  return growth;
}

/** Attributes of our names are taken away; ours come last. */
function attributesOf({ attributes, end }: ScannedSpan, edits: Edit[], added: Additions): number {
  let growth = 0;
  attributes.eachFrame(added, (from, to) => {
    edits.push({ start: from, end: to, with: undefined });
    growth -= to - from;
  });
  const size = additionSize(added);
  if (size > 0) edits.push({ start: end, end, with: added });
  return growth + size;
}

/** The edits inside a message, and that of its length before them. Answers by how much the whole frame grows. */
function around({ lengthAt, start, end }: Frame, edits: Edit[], inside: () => number): number {
  const length: Edit = { start: lengthAt, end: start, with: undefined };
  const at = edits.push(length) - 1;
  const growth = inside();
  if (growth === 0) {
    // The length stays, in however many bytes it was written.
    edits.splice(at, 1);
    return 0;
  }
  length.with = end - start + growth;
  return growth + varintSize(length.with) - (start - lengthAt);
}

function apply(bytes: Buffer, edits: readonly Edit[], size: number): Buffer {
  const out = Buffer.allocUnsafe(size);
  let from = 0;
  let to = 0;
  for (const edit of edits) {
    to += bytes.copy(out, to, from, edit.start);
    from = edit.end;
    if (typeof edit.with === 'number') to = writeVarint(out, to, edit.with);
    else if (edit.with !== undefined) to = writeAdditions(out, to, edit.with);
  }
  to += bytes.copy(out, to, from);
  // A slip here would send half a request: better none.
  if (to !== size) throw new Error(`spliced ${to} bytes, not ${size}`);
  return out;
}

import { open, unlink, type FileHandle } from 'node:fs/promises';
import { SpanledgerError } from '../../errors.ts';
import type { Parcel } from '../exporter.ts';
import { decodeRecord, encodeRecord, recordSize } from './record.ts';
import { findSegments, segmentPath, syncDirectory, writePosition, type Position, type Segment } from './segments.ts';

export interface SpoolOptions {
  readonly directory: string;
  readonly maxBytes: number;
  /** What gives way when it is full: the oldest parcels, or the newest, whose sender is asked to keep it. */
  readonly onFull: 'drop_oldest' | 'refuse';
  /** Told how many items were dropped. */
  readonly onDropped: (items: number) => void;
}

export interface Spooled extends Parcel {
  readonly at: Position;
  readonly next: number;
}

/** Large enough that files are few, small enough that dropping the oldest drops little. */
const SEGMENT_BYTES = 8 << 20;

interface Waiting {
  readonly parcel: Parcel;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A queue of parcels on the disk, in segment files that are deleted once their last parcel was taken. What `append` has
 * resolved survives a kill and a power cut; after a kill, the parcels of one segment may come again.
 *
 * @example const spool = await openSpool({ directory: './spool', maxBytes: 1 << 30, onFull: 'drop_oldest', onDropped });
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { segments, position } = await findSegments(options.directory);
  return new Spool(options, segments, position);
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #segmentBytes: number;
  readonly #segments: Segment[];
  #position: Position;
  /** Always of the last segment. After a start there is none: what an earlier run wrote is never written on. */
  #writer: FileHandle | undefined;
  #reader: { readonly number: number; readonly handle: FileHandle } | undefined;
  #nextNumber: number;
  #waiting: Waiting[] = [];
  /** Everything that changes files happens one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SpoolOptions, segments: Segment[], position: Position) {
    this.#options = options;
    this.#segmentBytes = Math.min(SEGMENT_BYTES, Math.ceil(options.maxBytes / 8));
    this.#segments = segments;
    this.#position = position;
    this.#nextNumber = Math.max(position.segment, segments.at(-1)?.number ?? 0) + 1;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { end }) => sum + end, 0);
  }

  get items(): number {
    return this.#segments.reduce((sum, { items }) => sum + items, 0);
  }

  get isFull(): boolean {
    return this.bytes >= this.#options.maxBytes;
  }

  /**
   * Resolves once the parcel is on the disk; many at once share one sync. Rejects with `spool_full` (only with `refuse`) or
   * `spool_unavailable`.
   */
  append(parcel: Parcel): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ parcel, resolve, reject });
      if (this.#waiting.length === 1) void this.#inTurn(() => this.#flush());
    });
  }

  /** The oldest parcel that was not taken; it stays until `taken`. */
  next(): Promise<Spooled | undefined> {
    return this.#inTurn(async () => {
      const [segment] = this.#segments;
      if (segment === undefined) return undefined;
      const at = segment.number === this.#position.segment ? this.#position : { segment: segment.number, offset: 0 };
      const record = decodeRecord(await this.#read(segment, at.offset), 0);
      if (record !== undefined) return { ...record.parcel, at, next: at.offset + record.next };
      // It was whole when it was written or found: the disk has lost it. What is behind it can't be found any more.
      this.#options.onDropped(segment.items);
      await this.#remove(segment);
      return undefined;
    });
  }

  /** That parcel has been delivered, or laid aside for good. */
  taken({ at, next, items }: Spooled): Promise<void> {
    return this.#inTurn(async () => {
      const [segment] = this.#segments;
      // Dropped meanwhile, because the spool was full.
      if (segment?.number !== at.segment) return;
      segment.items -= items;
      this.#position = { segment: segment.number, offset: next };
      if (next >= segment.end) await this.#remove(segment);
      await writePosition(this.#options.directory, this.#position);
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#writer?.close();
      await this.#reader?.handle.close();
      this.#writer = undefined;
      this.#reader = undefined;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    const written: Waiting[] = [];
    try {
      for (const each of batch) {
        const size = recordSize(each.parcel);
        if (await this.#makeRoom(size, each)) written.push(each);
        else continue;
        const segment = await this.#segmentFor(size);
        await this.#writer?.writev([...encodeRecord(each.parcel)], segment.end);
        segment.end += size;
        segment.items += each.parcel.items;
      }
      await this.#writer?.datasync();
      for (const { resolve } of written) resolve();
    } catch (error) {
      // What was written of it stays where it is, unacknowledged: at worst it is delivered twice.
      await this.#seal().catch(() => undefined);
      const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      const message = `the forward spool ${this.#options.directory} can't be written: ${why}`;
      for (const { reject } of batch) reject(new SpanledgerError('spool_unavailable', message, { cause: error }));
    }
  }

  /** Whether the parcel may be written. */
  async #makeRoom(size: number, { parcel, resolve, reject }: Waiting): Promise<boolean> {
    const { maxBytes, onFull, onDropped, directory } = this.#options;
    if (this.bytes + size <= maxBytes) return true;
    if (onFull === 'refuse') {
      reject(new SpanledgerError('spool_full', `the forward spool ${directory} is full; send this again later`));
      return false;
    }
    if (size > maxBytes) {
      onDropped(parcel.items);
      resolve();
      return false;
    }
    for (
      let oldest = this.#segments[0];
      oldest !== undefined && this.bytes + size > maxBytes;
      [oldest] = this.#segments
    ) {
      onDropped(oldest.items);
      await this.#remove(oldest);
    }
    return true;
  }

  /** The segment to write to, and its writer. */
  async #segmentFor(size: number): Promise<Segment> {
    const current = this.#segments.at(-1);
    if (this.#writer !== undefined && current !== undefined && current.end + size <= this.#segmentBytes) return current;
    await this.#seal();
    const number = this.#nextNumber++;
    const segment = { number, path: segmentPath(this.#options.directory, number), end: 0, items: 0 };
    this.#writer = await open(segment.path, 'wx', 0o600);
    this.#segments.push(segment);
    await syncDirectory(this.#options.directory);
    return segment;
  }

  /** No more is written to the last segment. */
  async #seal(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer === undefined) return;
    try {
      await writer.datasync();
    } finally {
      await writer.close();
    }
  }

  async #remove(segment: Segment): Promise<void> {
    if (segment === this.#segments.at(-1)) await this.#seal();
    if (this.#reader?.number === segment.number) {
      await this.#reader.handle.close();
      this.#reader = undefined;
    }
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    await unlink(segment.path);
  }

  async #read(segment: Segment, offset: number): Promise<Buffer> {
    if (this.#reader?.number !== segment.number) {
      await this.#reader?.handle.close();
      this.#reader = { number: segment.number, handle: await open(segment.path, 'r') };
    }
    const { handle } = this.#reader;
    const length = Buffer.alloc(4);
    await handle.read(length, 0, 4, offset);
    const bytes = Buffer.alloc(Math.min(length.readUInt32LE() + 8, Math.max(segment.end - offset, 0)));
    await handle.read(bytes, 0, bytes.length, offset);
    return bytes;
  }
}

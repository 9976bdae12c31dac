import { mkdir, open, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeRecord } from './record.ts';

const SUFFIX = '.segment';
const POSITION = 'position';

/** A file of records. `end` is where its last whole record ends, `items` what is in it and was not taken yet. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  end: number;
  items: number;
}

/** Where reading goes on: everything before it has been taken. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(10, '0')}${SUFFIX}`);
}

/** The segments that an earlier run left, oldest first, and where it stopped reading. Makes the directory if need be. */
export async function findSegments(directory: string): Promise<{ segments: Segment[]; position: Position }> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const numbers = (await readdir(directory))
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => Number.parseInt(name, 10))
    .filter(Number.isSafeInteger)
    .toSorted((a, b) => a - b);
  const position = await readPosition(directory);
  const segments: Segment[] = [];
  for (const number of numbers) {
    const path = segmentPath(directory, number);
    const from = number === position.segment ? position.offset : 0;
    const segment = { number, path, ...(await measure(path, from)) };
    if (number < position.segment || segment.items === 0) await unlink(path);
    else segments.push(segment);
  }
  const first = segments[0];
  return {
    segments,
    position: first?.number === position.segment ? position : { segment: first?.number ?? 0, offset: 0 },
  };
}

async function measure(path: string, from: number): Promise<{ end: number; items: number }> {
  const bytes = await readFile(path);
  let end = 0;
  let items = 0;
  for (let record = decodeRecord(bytes, end); record !== undefined; record = decodeRecord(bytes, end)) {
    if (end >= from) items += record.parcel.items;
    end = record.next;
  }
  return { end, items };
}

/** Lost, it costs no more than sending a segment again: so it is not synced. */
export async function writePosition(directory: string, { segment, offset }: Position): Promise<void> {
  await writeFile(join(directory, POSITION), `${segment} ${offset}\n`, { mode: 0o600 });
}

async function readPosition(directory: string): Promise<Position> {
  const text = await readFile(join(directory, POSITION), 'utf8').catch(() => '');
  const [, segment, offset] = /^(\d+) (\d+)\n$/.exec(text) ?? [];
  return { segment: Number(segment ?? 0), offset: Number(offset ?? 0) };
}

/** A new file is only there for good once its directory is on the disk. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

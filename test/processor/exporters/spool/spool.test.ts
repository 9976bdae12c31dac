import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Parcel } from '../../../../processor/exporters/exporter.ts';
import { openSpool, type Spool, type SpoolOptions } from '../../../../processor/exporters/spool/spool.ts';
import { temporaryFolder } from '../../../support/ledger.ts';

let dropped = 0;
async function start(directory: string, options: Partial<SpoolOptions> = {}): Promise<Spool> {
  dropped = 0;
  const onDropped = (items: number): void => void (dropped += items);
  const spool = await openSpool({ directory, maxBytes: 1 << 20, onFull: 'drop_oldest', onDropped, ...options });
  onTestFinished(() => spool.close());
  return spool;
}

function parcel(n: number, size = 10): Parcel {
  return { signal: 'traces', encoding: n % 2 === 0 ? 'protobuf' : 'json', items: n, body: Buffer.alloc(size, n) };
}

/** Takes everything that is there; the numbers of the parcels. */
async function drain(spool: Spool): Promise<number[]> {
  const seen: number[] = [];
  for (let next = await spool.next(); next !== undefined || spool.items > 0; next = await spool.next()) {
    if (next === undefined) continue;
    const { items: n, body, encoding, signal } = next;
    expect({ signal, encoding, items: n, body: Buffer.from(body) }).toEqual(parcel(n, body.length));
    seen.push(n);
    await spool.taken(next);
  }
  return seen;
}

const segments = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.segment'));

it('gives back what it was given, in order, and leaves no file behind', async () => {
  const directory = join(temporaryFolder(), 'deep', 'spool');
  const spool = await start(directory);
  await Promise.all([1, 2, 3].map((n) => spool.append(parcel(n))));
  await spool.append(parcel(4, 200_000));
  await spool.append(parcel(5, 0));
  expect(spool.items).toBe(15);
  expect(await drain(spool)).toEqual([1, 2, 3, 4, 5]);
  expect([spool.items, spool.bytes, segments(directory)]).toEqual([0, 0, []]);
  expect(await spool.next()).toBeUndefined();
  await spool.append(parcel(6));
  expect(await drain(spool)).toEqual([6]);
});

it('is there after a restart, from where it was left', async () => {
  const directory = temporaryFolder();
  const before = await start(directory);
  for (const n of [1, 2, 3]) await before.append(parcel(n));
  const first = await before.next();
  if (first !== undefined) await before.taken(first);
  await before.close();
  const after = await start(directory);
  expect(after.items).toBe(5);
  await after.append(parcel(4));
  expect(await drain(after)).toEqual([2, 3, 4]);
});

it.each([
  ['torn in its body', (path: string, size: number) => truncateSync(path, size - 3)],
  ['torn in its head', (path: string, size: number) => truncateSync(path, size - 20)],
  ['followed by zeros', (path: string) => appendFileSync(path, Buffer.alloc(50))],
  ['followed by a length without end', (path: string) => appendFileSync(path, Buffer.alloc(50, 0xff))],
])('the last record %s by a kill costs no other', async (_, tear) => {
  const directory = temporaryFolder();
  const before = await start(directory);
  for (const n of [1, 2, 3]) await before.append(parcel(n));
  await before.close();
  const [name = ''] = segments(directory);
  const path = join(directory, name);
  const { length } = readFileSync(path);
  tear(path, length);
  const after = await start(directory);
  await after.append(parcel(9));
  const seen = await drain(after);
  expect(seen.filter((n) => n !== 3)).toEqual([1, 2, 9]);
  expect(seen.includes(3)).toBe(length < readFileSync(join(directory, 'position')).length || seen.length === 4);
});

it('a position that makes no sense only sends a segment again', async () => {
  const directory = temporaryFolder();
  const before = await start(directory);
  await before.append(parcel(1));
  await before.close();
  writeFileSync(join(directory, 'position'), 'nonsense');
  expect(await drain(await start(directory))).toEqual([1]);
});

it('full: the oldest give way, and are counted', async () => {
  const spool = await start(temporaryFolder(), { maxBytes: 8_000 });
  for (let n = 1; n <= 20; n++) await spool.append(parcel(n, 900));
  expect(spool.bytes).toBeLessThanOrEqual(8_000);
  const left = await drain(spool);
  expect(left.at(-1)).toBe(20);
  expect(left.length).toBeGreaterThanOrEqual(7);
  expect(dropped + left.reduce((sum, n) => sum + n, 0)).toBe(210);
});

it('full, one that is being sent is dropped: its delivery changes nothing', async () => {
  const spool = await start(temporaryFolder(), { maxBytes: 2_000 });
  await spool.append(parcel(1, 900));
  const sending = await spool.next();
  for (const n of [2, 3, 4]) await spool.append(parcel(n, 900));
  if (sending !== undefined) await spool.taken(sending);
  expect(await drain(spool)).toEqual([3, 4]);
  expect(dropped).toBe(3);
});

it('larger than the whole spool: dropped, and the others stay', async () => {
  const spool = await start(temporaryFolder(), { maxBytes: 2_000 });
  await spool.append(parcel(1));
  await spool.append(parcel(7, 5_000));
  expect([await drain(spool), dropped]).toEqual([[1], 7]);
});

it('full, with on_full: refuse: the sender keeps it', async () => {
  const spool = await start(temporaryFolder(), { maxBytes: 2_000, onFull: 'refuse' });
  await spool.append(parcel(1, 900));
  await spool.append(parcel(2, 900));
  await expect(spool.append(parcel(3, 900))).rejects.toMatchObject({ code: 'spool_full' });
  expect([await drain(spool), dropped]).toEqual([[1, 2], 0]);
  await spool.append(parcel(4, 900));
  expect(await drain(spool)).toEqual([4]);
});

it('a disk that takes no more is told to the sender, and the rest goes on', async () => {
  const directory = temporaryFolder();
  const spool = await start(directory, { maxBytes: 80_000 });
  await spool.append(parcel(1, 9_000));
  // The name of the next segment is taken: it can't be made, as on a disk that is full.
  writeFileSync(join(directory, '0000000002.segment'), 'x');
  await expect(spool.append(parcel(2, 9_000))).rejects.toMatchObject({ code: 'spool_unavailable' });
  await spool.append(parcel(3, 9_000));
  expect(await drain(spool)).toEqual([1, 3]);
});

it('a record that the disk has lost is counted, and what is in other segments is delivered', async () => {
  const directory = temporaryFolder();
  const spool = await start(directory, { maxBytes: 80_000 });
  await spool.append(parcel(1, 9_000));
  await spool.append(parcel(2, 9_000));
  const [name = ''] = segments(directory);
  writeFileSync(join(directory, name), Buffer.alloc(9_014));
  expect([await drain(spool), dropped]).toEqual([[2], 1]);
});

it('many at once share few syncs', async () => {
  const spool = await start(temporaryFolder(), { maxBytes: 1 << 24 });
  const started = performance.now();
  await Promise.all(Array.from({ length: 500 }, (_, n) => spool.append(parcel(n + 1))));
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(await drain(spool)).toHaveLength(500);
});

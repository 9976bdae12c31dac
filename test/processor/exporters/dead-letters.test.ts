import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deadLetters } from '../../../processor/exporters/dead-letters.ts';
import type { Parcel } from '../../../processor/exporters/exporter.ts';
import { temporaryFolder } from '../../support/ledger.ts';

const parcel: Parcel = { signal: 'traces', encoding: 'protobuf', items: 3, body: Buffer.from('bytes') };

it('keeps a line for each, for its owner alone, until it is full; a restart goes on from there', async () => {
  const path = join(temporaryFolder(), 'spool', 'dead-letters.jsonl');
  const now = Date.UTC(2026, 10, 25);
  expect(await deadLetters(path, 300).keep(parcel, 'answered 400', now)).toBe(true);
  const later = deadLetters(path, 300);
  expect(await later.keep(parcel, 'answered 422', now)).toBe(true);
  expect(await later.keep(parcel, 'answered 400', now)).toBe(false);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    ['answered 400', 'answered 422'].map((reason) => ({
      time: '2026-11-25T00:00:00.000Z',
      reason,
      signal: 'traces',
      encoding: 'protobuf',
      items: 3,
      body: 'Ynl0ZXM=',
    })),
  );
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('where nothing can be written, it says so', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(await deadLetters(join(file, 'dead-letters.jsonl'), 400).keep(parcel, 'x', 0)).toBe(false);
});

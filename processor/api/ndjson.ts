import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { Entry, LedgerReader } from '../ledger.ts';
import { entryJson } from './entry-json.ts';
import type { EntriesParams } from './params.ts';

const PAGE = 1_000;

/**
 * One JSON value a line, written as fast as the client reads. The first is read before anything is answered, so that a
 * mistake is a problem with its status; a failure after that ends the connection.
 */
export async function sendLines(response: Response, values: AsyncGenerator<object>): Promise<void> {
  const first = await values.next();
  response.type('application/x-ndjson');
  async function* lines(): AsyncGenerator<string> {
    if (first.done === true) return;
    yield `${JSON.stringify(first.value)}\n`;
    for await (const value of values) yield `${JSON.stringify(value)}\n`;
  }
  await pipeline(Readable.from(lines()), response);
}

/** All entries of a query up to its limit, a page at a time, so that a long one takes no memory. */
export async function* allEntries(ledger: Pick<LedgerReader, 'entries'>, query: EntriesParams): AsyncGenerator<object> {
  let { after, limit: left } = query;
  while (left > 0) {
    const page: readonly Entry[] = await ledger.entries({ ...query, after, limit: Math.min(left, PAGE) });
    for (const entry of page) yield entryJson(entry);
    if (page.length < Math.min(left, PAGE)) return;
    left -= page.length;
    after = page.at(-1);
  }
}

import type { ClientBase } from 'pg';
import type { Micros } from '../../../pricing/charge.ts';

/** How far the ledger is summed up, and from where on entries are kept: `kept` <= `compacted`, as starts of calls. */
export interface Progress {
  /** The start of a UTC day: of every day before it `rollup` has one row under its first hour, not one an hour. */
  readonly compacted: Micros;
  /** The start of a UTC day: entries before it are gone, or about to; their sums stay. */
  readonly kept: Micros;
  /** Another one than before: numbers of the dictionary may be those of something else. */
  readonly epoch: number;
}

export async function readProgress(client: ClientBase, schema: string): Promise<Progress> {
  const { rows } = await client.query<ProgressRow>(progressSql(schema));
  return progressOf(rows[0]);
}

export interface ProgressRow {
  readonly compacted_us: string;
  readonly kept_us: string;
  readonly epoch: string;
}

export const progressSql = (schema: string): string => `SELECT compacted_us, kept_us, epoch FROM ${schema}.progress`;

export function progressOf(row: ProgressRow | undefined): Progress {
  return { compacted: Number(row?.compacted_us), kept: Number(row?.kept_us), epoch: Number(row?.epoch) };
}

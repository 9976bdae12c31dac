/** What came of each fault: printed, and kept in docs/faults.md by `npm run soak`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Counts } from './load.ts';

/** In the order of the page. */
export const faults = [
  'killed (`kill -9`) at random under load',
  'SIGTERM under load',
  'backend away, behind a real Collector',
  'backend refuses one poisoned request',
  'backend takes only small requests',
  'backend stalls',
  'ledger locked by another process',
  'disk full',
  'ledger stalls under large requests',
  'slow senders',
  'half-open connections',
  'clock set back by a day',
] as const;
export type Fault = (typeof faults)[number];

const page = join(import.meta.dirname, '../../../docs/faults.md');
const head = `# Faults, and what came of them

<!-- Written by npm run soak, from what its tests counted. -->

Each fault happens for real to a processor under load: another process holds the lock, a file system of 3 MiB is full, a network
interface goes down. Counted in LLM calls: sent, acknowledged to the sender, in the ledger (each once), delivered to the backend
with their cost. The same tests run in a short form in \`npm run test:interop\`; the full lengths are \`npm run soak\`.

| fault | sent | acknowledged | in the ledger | delivered | besides |
| --- | --- | --- | --- | --- | --- |
`;

/** @example report('disk full', counts, '214 requests were told 503 with Retry-After') */
export function report(fault: Fault, counts: Counts, besides: string): void {
  const figures = [counts.sent, counts.acknowledged, counts.inLedger, counts.delivered];
  const row = `| ${[fault, ...figures.map((figure) => figure.toLocaleString('en-US')), besides].join(' | ')} |`;
  process.stdout.write(`${row}\n`);
  if (process.env['SPANLEDGER_SOAK'] === undefined) return;
  const rows = rowsOf(existsSync(page) ? readFileSync(page, 'utf8') : '').filter((old) => faultOf(old) !== fault);
  const order = (text: string): number => faults.findIndex((each) => each === faultOf(text));
  writeFileSync(page, `${head}${[...rows, row].toSorted((a, b) => order(a) - order(b)).join('\n')}\n`);
}

export function rowsOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => faults.some((fault) => faultOf(line) === fault));
}

function faultOf(row: string): string {
  return row.split(' | ')[0]?.replace(/^\| /, '') ?? '';
}

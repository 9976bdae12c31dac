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
  'PostgreSQL: connections cut in the middle of COPY',
  'PostgreSQL: the server crashes and starts again',
  'PostgreSQL: failover in the middle of batches',
  'PostgreSQL: first starts of two processors, cut',
] as const;
export type Fault = (typeof faults)[number];

const page = join(import.meta.dirname, '../../../docs/faults.md');
const head = `# Faults, and what came of them

<!-- Written by npm run soak, from what its tests counted. -->

Each fault happens for real to a processor under load: another process holds the lock, a file system of 3 MiB is full, a network
interface goes down. Counted in LLM calls: sent, acknowledged to the sender, in the ledger (each once), delivered to the backend
with their cost (— where the ledger alone is what breaks). The same tests run in a short form in \`npm run test:interop\`; the
full lengths are \`npm run soak\`.

Besides, of the ledger's file alone (\`test/interop/faults/ledger.test.ts\`, \`test/processor/commands/upkeep.test.ts\`): a migration
that is killed leaves one version or the other, and the next start finishes it; killed while hours and entries are given up, sums
stay; as \`strace\` sees it, nothing is acknowledged before its commit was synced; of a damaged page \`doctor\` tells, what is elsewhere
is answered, and what it held is refused.

| fault | sent | acknowledged | in the ledger | delivered | besides |
| --- | --- | --- | --- | --- | --- |
`;

/** Without `delivered` where no backend took part. */
export type FaultCounts = Pick<Counts, 'sent' | 'acknowledged' | 'inLedger'> & Partial<Pick<Counts, 'delivered'>>;

/** @example report('disk full', counts, '214 requests were told 503 with Retry-After') */
export function report(fault: Fault, counts: FaultCounts, besides: string): void {
  const figures = [counts.sent, counts.acknowledged, counts.inLedger, counts.delivered];
  const row = `| ${[fault, ...figures.map((figure) => figure?.toLocaleString('en-US') ?? '—'), besides].join(' | ')} |`;
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

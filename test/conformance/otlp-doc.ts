/** docs/conformance.md, from the rows of the specification and the titles of the tests that name them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sections, type OtlpRow, type OtlpSection, type Transport } from './otlp-rows.ts';

const root = join(import.meta.dirname, '../..');

/** Where tests name rows, and over which transport they try them. */
const files = {
  http: [
    'test/processor/config.test.ts',
    'test/processor/receivers/otlp-http.test.ts',
    'test/processor/otlp/json.test.ts',
    'test/processor/app.test.ts',
    'test/processor/relay.test.ts',
    'test/processor/ingest.test.ts',
    'test/processor/exporters/exporters.test.ts',
    'test/processor/exporters/otlp-http.test.ts',
  ],
  grpc: ['test/processor/receivers/otlp-grpc.test.ts'],
} as const satisfies Record<Transport, readonly string[]>;

interface Proof {
  readonly row: string;
  readonly title: string;
  readonly file: string;
}

/** Titles that begin with rows. @example "H7, H8: a warning" */
const named = /(?<quote>['"`])(?<rows>[HJGD]\d+(?:, [HJGD]\d+)*): (?<title>(?:(?!\k<quote>).)+)\k<quote>/g;

function proofsOf(transport: Transport): readonly Proof[] {
  return files[transport].flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(named)].flatMap(({ groups: { rows = '', title = '' } = {} }) =>
      rows
        .split(', ')
        .map((row) => ({ row, title: title.replaceAll(/(?:[:,] )?"?%[is]"?(?: "%s")?/g, '').trim(), file })),
    ),
  );
}

const proofs = { http: proofsOf('http'), grpc: proofsOf('grpc') } as const;

/** Rows that a test names and nobody knows; rows without a test, and without a reason for it. */
export function gaps(): readonly string[] {
  const known = new Set(sections.flatMap(({ rows }) => rows.map(({ row }) => row)));
  const strangers = [...proofs.http, ...proofs.grpc].filter(({ row }) => !known.has(row));
  const bare = sections.flatMap((section) =>
    section.rows.flatMap(({ row }) =>
      section.transports
        .filter((transport) => proofs[transport].every((proof) => proof.row !== row))
        .filter((transport) => transport === 'http' || section.notOverGrpc?.[row] === undefined)
        .map((transport) => `${row} has no test over ${transport}`),
    ),
  );
  return [...strangers.map(({ row, file }) => `${file} names ${row}, which is no row`), ...bare];
}

function cell(section: OtlpSection, row: string, transport: Transport): string {
  const titles = proofs[transport].filter((proof) => proof.row === row).map(({ title }) => title);
  return titles.length === 0 ? `— ${section.notOverGrpc?.[row] ?? ''}` : [...new Set(titles)].join('; ');
}

function tableOf(section: OtlpSection): string {
  const { transports } = section;
  const line = ({ row, level, asks }: OtlpRow): string =>
    `| ${[row, level, asks, ...transports.map((transport) => cell(section, row, transport))].join(' | ')} |`;
  const titles = ['row', '', 'asked', ...transports.map((transport) => ({ http: 'HTTP', grpc: 'gRPC' })[transport])];
  return [
    `## ${section.title}`,
    '',
    `| ${titles.join(' | ')} |`,
    `| ${titles.map(() => '---').join(' | ')} |`,
    ...section.rows.map(line),
  ].join('\n');
}

export function conformanceDoc(): string {
  return `# What OTLP asks, and the tests that show it

<!-- Generated from the titles of tests by test/conformance/otlp-doc.test.ts (vitest -u writes it). -->

The rows are those of the OTLP specification (\`docs/specification.md\` of opentelemetry-proto at \`ac2c4b5d\`): M must, S should,
O may. A cell gives the titles of the tests that try the row, over real sockets and with real clients; a row without a test fails
the suite. They are in \`test/processor/receivers/\`, \`test/processor/otlp/json.test.ts\` and \`test/processor/exporters/\`; \`npx vitest run -t '\\bH13\\b'\`
runs those of one row.

${sections.map(tableOf).join('\n\n')}

## Beyond the specification

- zstd as well as gzip, in both directions of HTTP.
- 401, 403 and 404 of a backend are taken for something that an operator will mend: spans wait in the spool. OTLP would have a
  sender drop them.
- \`x-spanledger-hop\` on whatever is sent on; a request that has it is refused, since the pipeline runs in a circle.
- No span is rejected because of its neighbours, or for what is in it: what can't be read is sent on as it came, and counted
  (\`spanledger_unreadable_spans_total\`). \`rejected_spans\` is therefore always 0.
`;
}

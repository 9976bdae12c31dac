/** docs/dialects.md, from the dialects themselves and from the fixtures that prove what they read. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../../../processor/call.ts';
import { dialects, readCall, type CallReader } from '../../../processor/dialects/index.ts';
import { basisTable } from '../../../processor/dialects/input-basis.ts';
import { logDialects, readLogCall } from '../../../processor/dialects/logs/index.ts';
import { evidenceOf } from '../../../processor/evidence.ts';
import { readLogs, readTraces, type Span } from '../../../processor/otlp/index.ts';

const folder = join(import.meta.dirname, '../../fixtures/otlp');
const house = join(import.meta.dirname, '../../fixtures/config/dialects.good.yaml');

/** A column: whether a call proves it, given the figures that come from attributes. */
const columns: readonly (readonly [title: string, proves: (figures: ReadonlySet<string>, call: Call) => boolean])[] = [
  ['model', (figures) => figures.has('model')],
  ['provider', (figures) => figures.has('provider')],
  ['in, out', (figures) => has(figures, /^input/) && has(figures, /^output/)],
  ['cached', (figures) => has(figures, /^cache_/)],
  ['reasoning', (figures) => figures.has('reasoning')],
  ['modality', (figures) => has(figures, /_(audio|image|video)$/)],
  ['tier', (figures) => figures.has('tier')],
  ['cost', (figures) => figures.has('reported_cost')],
  ['customer', (_, { tags }) => tags.customer_id !== undefined],
  ['session', (_, { tags }) => tags.session_id !== undefined],
];

function has(figures: ReadonlySet<string>, pattern: RegExp): boolean {
  return [...figures].some((figure) => pattern.test(figure));
}

interface Fixture {
  /** Behind the dialect's name. */
  readonly what: string;
  readonly spans: readonly Span[];
}

function fixturesOf(dialect: string, isLog: boolean): readonly Fixture[] {
  const end = isLog ? '.logs.json' : '.json';
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${dialect}.`) && name.endsWith(end) && !name.endsWith('.expected.json'))
    .filter((name) => isLog || !name.endsWith('.logs.json'))
    .map((name) => {
      const body = readFileSync(join(folder, name));
      const spans = isLog ? readLogs(body, 'json').records : readTraces(body, 'json').spans;
      return { what: name.slice(dialect.length + 1, -end.length), spans };
    })
    .toSorted((a, b) => order(a.what) - order(b.what) || (a.what < b.what ? -1 : 1));
}

/** The plainest fixture first. */
function order(what: string): number {
  const index = ['plain', 'cached', 'reasoning', 'stream', 'agent'].indexOf(what);
  return index === -1 ? 9 : index;
}

function rowOf(dialect: string, isLog: boolean): string {
  const reader: CallReader = isLog ? readLogCall : readCall;
  const read = fixturesOf(dialect, isLog).flatMap(({ what, spans }) =>
    spans.flatMap((span) => {
      const call = reader(span);
      if (call?.dialect !== dialect) return [];
      const said = evidenceOf(span, reader).filter(({ from }) => from.length > 0);
      return [{ what, call, figures: new Set(said.map(({ figure }) => figure)) }];
    }),
  );
  const cells = columns.map(([, proves]) => read.find(({ figures, call }) => proves(figures, call))?.what ?? '—');
  return `| ${[`\`${dialect}\``, ...cells].join(' | ')} |`;
}

function tableOf(names: readonly string[], isLog: boolean): string {
  const titles = ['dialect', ...columns.map(([title]) => title)];
  return [
    `| ${titles.join(' | ')} |`,
    `| ${titles.map(() => '---').join(' | ')} |`,
    ...names.map((name) => rowOf(name, isLog)),
  ].join('\n');
}

function basisRows(): string {
  return basisTable
    .map(({ scope, from, before, provider, input, evidence }) => {
      const versions = [from === '' ? '' : `from ${from}`, before === '' ? '' : `before ${before}`].join(' ').trim();
      const who = [`\`${scope.source}\``, provider === undefined ? '' : `provider \`${provider.source}\``, versions];
      return `| ${who
        .filter((part) => part !== '')
        .join(', ')
        .replaceAll('|', '\\|')} | ${input} | ${evidence} |`;
    })
    .join('\n');
}

export function dialectsDoc(): string {
  return `# Whose spans are read, and what of them

<!-- Generated from the dialects and their fixtures by test/processor/dialects/doc.test.ts (vitest -u writes it). -->

A dialect reads the spans of one family of emitters. They are asked in the order of this table, and the first that knows a span
has it. A cell names the request in \`test/fixtures/otlp/\` that proves it (\`<dialect>.<cell>.json\`, with what is made of it in
\`<dialect>.<cell>.expected.json\`); — is what no fixture has an attribute for. Tags are read alike for all: \`customer_id\`,
\`spanledger.customer_id\` and its aliases work whoever instrumented the call.

${tableOf(
  dialects.map(({ name }) => name),
  false,
)}

Usage in log events, sent to \`/v1/logs\` (\`<dialect>.<cell>.logs.json\`):

${tableOf(
  logDialects.map(({ name }) => name),
  true,
)}

To see how your own spans are read, give a file of them to \`npx spanledger explain --evidence FILE\`: JSON, JSON lines or
protobuf, traces or logs, gzip or not, \`-\` for stdin, or a folder. It says for every figure which attributes it comes from, and
which would be taken if those were not there. \`--redact\` leaves figures and takes away whose they are.

## Does input include the cache?

Two emitters write the same attribute with two meanings. It is decided in this order:

1. More from the cache than input, or a total that only adds up with the cache beside it: it does not. Arithmetic is certain.
2. By the dialect, where its emitters always mean the same, or by this table.
3. Else it does, as the convention says, and the call is marked \`assumed\` (\`usage_basis\` in the API and in \`explain\`).

| instrumentation scope | input | evidence |
| --- | --- | --- |
${basisRows()}

## Once

- **Several spans of one call** (a framework's over a client library's over a gateway's, two instrumentations of one client)
  share the trace and the id of the provider's answer. Where one of them does not have it: one is the parent of the other and
  both used the same, or they are of two instrumentation scopes, one lies within the time of the other, and model, input and
  output are the same. One is charged: ours before others, then the shortest. A better one that comes later takes the other's
  place. Coding agents that tell a call in a span and in a log event are charged once, by the id of the answer, or by session
  and counts where there is none.
- **Agents and workflows** repeat the usage of the calls below them and wait for those: two minutes, or as \`window.settle\`
  says. Without any they are charged, of nested ones the innermost. A call that comes after that takes them back. What is below
  what follows from the parents of spans; where a link is missing, from the times.
- **Calls that began and did not end** (our instrumentation announces those that take longer than a second) are charged for
  their estimated input after \`window.open_calls\`; their end, should it come, replaces that.
- **Events of the GenAI conventions** (\`gen_ai.client.inference.operation.details\`) are held as agents are, and charged only if
  no span tells the same call: the one that they were written in, or one with the same answer. In no trace they are not charged,
  because nobody could tell. Older events (\`gen_ai.choice\` and the messages) have no usage.
- **Not charged**: polling for an answer that was counted when it was made (\`fetch_response\`), and answers out of a gateway's
  own cache.

\`spanledger_settled_aggregates_total\`, \`spanledger_nested_calls_total\`, \`spanledger_open_calls_total\` and \`held_back\` in
\`/api/v1/status\` say how many, and why.

\`\`\`yaml
# spanledger.yaml; these are the defaults
window:
  settle: 2m
  open_calls: 15m
\`\`\`

## A convention of your own

In \`spanledger.yaml\`, from our names to your attributes. \`scope\` is the name of the instrumentation scope; without it, spans are
known by the attributes under \`usage\`. \`input\` says whether the input includes what came from the cache, \`output\` whether the
output includes the reasoning (\`inclusive\` unless it is said). \`kind: aggregate\` is for spans that repeat what is below them.

\`\`\`yaml
# spanledger.yaml
${readFileSync(house, 'utf8').trim()}
\`\`\`

\`npx spanledger explain --config spanledger.yaml FILE\` reads a file with it.
`;
}

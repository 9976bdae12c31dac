/** docs/clients.md, from the list of clients, the list of wire APIs and what a run of every call shape gave. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apis } from '../../instrumentation/apis/index.ts';
import type { Observing } from '../../instrumentation/clients/client.ts';
import { clients } from '../../instrumentation/clients/index.ts';
import { corpusFigures, corpusReasons } from '../interop/corpus-figures.ts';
import type { SinkSpan } from '../support/sink.ts';

/** Shapes by name, and the spans that each gave. */
export type ShapeSpans = ReadonlyMap<string, readonly SinkSpan[]>;
export interface Column {
  readonly library: string;
  readonly load: string;
  readonly shapes: ShapeSpans;
}

const root = join(import.meta.dirname, '../..');
const versionOf = (library: string): string => {
  const text = readFileSync(join(root, 'node_modules', library, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(text) as { readonly name: string; readonly version: string };
  return `${name} ${version}`;
};
const escaped = (text: string): string => text.replaceAll('|', String.raw`\|`);
const rowOf = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
const tableOf = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [rowOf(titles), rowOf(titles.map(() => '---')), ...rows.map(rowOf)].join('\n');

/** What else there is to know of a client. */
const notes: Readonly<Record<string, string>> = {
  openai: '`AzureOpenAI`, subclasses and `withOptions` copies too; 4.x by node-fetch',
  '@anthropic-ai/sdk': 'its own spans (from 0.134) stay what they are; the processor charges a call once',
  '@google/genai': 'Gemini API and Vertex AI',
  '@aws-sdk/client-bedrock-runtime': '`Converse`, `InvokeModel` and their streams, of every maker',
  '@anthropic-ai/claude-agent-sdk': 'totals that run on are not added up',
  ws: 'sockets to OpenAI (realtime, Responses) and Gemini Live, whoever opens them',
};

function clientRows(): readonly (readonly string[])[] {
  // What is observed is another matter than whether a client is known: nothing runs here.
  const nobody = {} as Observing;
  return clients
    .map((client) => client(nobody))
    .map(({ name, majors: [from, to], files }) => [
      `\`${name}\``,
      from === to ? `${from}` : `${from}–${to}`,
      files.map(({ file, names }) => `\`${names.join(', ').replaceAll('export ', '')}\` in ${file}`).join('; '),
      notes[name] ?? '',
    ]);
}

/** The end of a path, as people write it. */
function pathOf({ source }: RegExp): string {
  return source
    .replaceAll(String.raw`\/`, '/')
    .replaceAll('[^/]+', '{name}')
    .replaceAll('$', '')
    .replaceAll('[12]', '{1,2}')
    .split(/\|(?![^(]*\))/)
    .map((path) => `\`…${path}\``)
    .join(' ');
}

function endpointRows(): readonly (readonly string[])[] {
  return apis.map(({ path, api, only, anywhere }) => [
    pathOf(path),
    api.operation,
    api.name,
    only?.join(', ') ?? (anywhere === true ? 'every host' : 'known hosts'),
  ]);
}

/** What the spans of one shape say, in a few words. */
function cellOf(spans: readonly SinkSpan[] | undefined): string {
  if (spans === undefined) return 'no call';
  const said = new Set(spans.map(({ attributes }) => sayOf(attributes)));
  const times = spans.length > 1 ? `${spans.length} × ` : '';
  return times + [...said].join(', ');
}

function sayOf(attributes: SinkSpan['attributes']): string {
  const state = attributes['spanledger.usage.state'] as string;
  const estimated = attributes['spanledger.usage.estimated'];
  const attempts = Number(attributes['spanledger.attempts']);
  const status = attributes['http.response.status_code'];
  const error = attributes['error.type'];
  const failed = typeof status === 'number' ? `HTTP ${status}` : typeof error === 'string' ? error : '';
  return [
    Array.isArray(estimated) ? `${state} (${estimated.join(', ')} estimated)` : state,
    attempts > 1 ? `${attempts} attempts` : '',
    failed,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function shapeRows(
  columns: readonly Column[],
  tried: ReadonlyMap<Column, readonly string[]>,
): readonly (readonly string[])[] {
  const names = [...new Set([...tried.values()].flat())];
  const cell = (name: string, column: Column): string =>
    tried.get(column)?.includes(name) === true ? cellOf(column.shapes.get(name)) : '—';
  return names.map((name) => [name].concat(columns.map((column) => cell(name, column))));
}

/** `tried`: which shapes each column ran, those without a call among them. */
export function clientsDoc(columns: readonly Column[], tried: ReadonlyMap<Column, readonly string[]>): string {
  const reasons = Map.groupBy(Object.values(corpusReasons), (reason) => reason);
  const titles = columns.map(
    ({ library, load }) => `${versionOf(library)}, ${load === 'esm' ? '`import`' : '`require`'}`,
  );
  return `# Which calls are seen, and what of them

<!-- Generated from the clients, the wire APIs and a run of every call shape by test/instrumentation/shapes.test.ts (vitest -u writes it). -->

The instrumentation watches client libraries where all their requests pass, and \`fetch\` for everything else. It never changes
what the application sees: values, promises, streams, errors, laziness and cancelling are what they were. One logical call is
one span, whatever the number of its attempts.

## Client libraries

Patched when they are loaded, by \`import\` or \`require\`, in the versions named; one line on stderr says so. Of any other version
one line says that it is not patched, and nothing else happens.

${tableOf(['package', 'majors', 'where', ''], clientRows())}

Frameworks on top of them (\`@langchain/openai\`, \`@openai/agents\`, \`@azure/openai\`, …) need nothing of their own: their calls
are the client's, once. \`ai\` 7 is read from its tracing channel where its provider's requests can't be seen; \`ai\` 4–6,
\`voyageai\`, \`@huggingface/inference\`, bundled applications and requests by hand are seen by \`fetch\`. What nothing can see (a
private transport, a batch whose results come from a bucket) is told with \`trackUsage\`.

## Endpoints

By the end of the path; hosts are known by their names (\`instrumentation/provider.ts\`), a client library's requests by the client.

${tableOf(['path', 'operation', 'wire API', 'where'], endpointRows())}

- **Sockets.** OpenAI's realtime API (\`response.done\`, and transcriptions of what was said), its Responses API through a socket,
  and Gemini Live: each answer is a call with the usage that the provider tells, by modality and cache. \`ws\` (which the realtime
  clients use) and Node's own \`WebSocket\`. An answer whose usage never came is \`absent\`, not free.
- **Batches.** Results are calls at the batch tier when the application fetches them: OpenAI (and Azure, Groq, Together, Mistral) by
  \`files.content\`, Anthropic by \`messages.batches.results\`, Gemini by its file or inline. They are read as the application
  reads them, and recorded in the background. However often and by whichever process they are fetched, they are charged
  once: ids and start of a span come from the result itself. Its start is when the answer was made; where it does not say so, when
  the batch was made, as far as the process has looked at it.
- **Answers made in the background** (\`background: true\`, Replicate's predictions) are one call, when they are fetched.

## Call shapes

Every way to hold a call, run with and without the instrumentation: the application must see the same, and this is what the spans
say. \`reported\` is the provider's own usage; \`estimated\` and \`incomplete\` say which side had to be counted by a tokenizer;
\`absent\` has no counts. A stream that was not asked for its usage is asked, and the extra chunk is hidden.

${tableOf(['shape', ...titles], shapeRows(columns, tried))}

## Recorded exchanges

Answers of real providers, replayed to the real client libraries in an application under the preload, compared with the provider's
own usage block: ${corpusFigures.exact} of ${corpusFigures.of} are exact in every count, by \`require\` and by \`import\` alike; ${corpusFigures.free} free calls (token counting, batches,
moderation) are silent; none is told twice, and the application never sees anything else. The other ${corpusFigures.of - corpusFigures.exact}:

${[...reasons].map(([reason, all]) => `- ${all.length} × ${reason}`).join('\n')}

## Content

Prompts and answers are not captured. \`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT\` asks for them: \`true\` or \`span_only\`
writes \`gen_ai.input.messages\`, \`gen_ai.output.messages\` and \`gen_ai.system_instructions\` as JSON on the call's span,
\`event_only\` in an event of it (\`gen_ai.client.inference.operation.details\`), \`span_and_event\` both; \`no_content\` and
\`false\` neither. At most 32 KiB an attribute, the newest messages first; pictures, sound and files are only named. Spans go to
your backend as they are; the ledger, metrics, logs and baggage never hold content.
`;
}

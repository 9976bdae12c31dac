import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Command } from 'commander';
import { displayUsd, loadPriceBook } from '../../pricing/index.ts';
import { SpanledgerError } from '../errors.ts';
import { explainSpan, explanationJson, type Explanation } from '../explain.ts';
import { readTraces, type TraceRequest } from '../otlp/index.ts';
import { chargeText } from './prices/quote.ts';

/** `spanledger explain FILE`: how every span of an OTLP file is read, what it costs, and why, or why it costs nothing. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('how each span of an OTLP file is read, what it costs and why')
    .argument(
      '<file>',
      'an ExportTraceServiceRequest in JSON or protobuf, or JSON lines of them; gzip is fine; - for stdin',
    )
    .option('--json', 'one JSON object a span')
    .action(async (file: string, { json = false }: { readonly json?: boolean }) => {
      console.log(explainBytes(await bytesOf(file), file === '-' ? 'stdin' : file, json));
    });
}

/** What the command prints for the bytes of a file. Throws `malformed_otlp` with the file's name and the place. */
export function explainBytes(bytes: Buffer, name: string, json: boolean): string {
  const requests = readRequests(bytes, name);
  const prices = loadPriceBook();
  const explained = requests.flatMap(({ spans }) => spans.map((span) => explainSpan(span, prices)));
  if (json) return explained.map((one) => JSON.stringify(explanationJson(one))).join('\n');
  const unreadable = requests.reduce((sum, request) => sum + request.unreadable, 0);
  return [...explained.map(explanationText), summary(explained, unreadable)].join('\n\n');
}

async function bytesOf(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  try {
    return readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code;
    throw new SpanledgerError('unreadable_file', `${file} can't be read: ${why}`, { cause: error });
  }
}

/**
 * The requests of a file, whatever it is in: an OTLP/JSON request begins with a brace, as no protobuf request does. A
 * Collector's file exporter writes one request a line.
 */
function readRequests(bytes: Buffer, name: string): readonly TraceRequest[] {
  try {
    const body = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    const start = body
      .subarray(0, 64)
      .toString()
      .replace(/^\uFEFF/, '')
      .trimStart();
    if (!/^[{[]/.test(start)) return [readTraces(body, 'protobuf')];
    const lines = body
      .toString()
      .split('\n')
      .map((line) => line.trim());
    const isLines = lines.filter((line) => line !== '').length > 1 && lines.every((line) => /^(\{.*\})?$/.test(line));
    return isLines ? lines.flatMap(readLine) : [readTraces(body, 'json')];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SpanledgerError('malformed_otlp', `${name}: ${message}`, { cause: error });
  }
}

function readLine(line: string, index: number): readonly TraceRequest[] {
  if (line === '') return [];
  try {
    return [readTraces(Buffer.from(line), 'json')];
  } catch (error) {
    throw new Error(`line ${index + 1}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** @example explanationText(explained).split('\n')[0] // 'chat gpt-4o · call, read as otel-genai · scope openai' */
export function explanationText(explained: Explanation): string {
  const { span, call, charge } = explained;
  const { trace_id, span_id, kind, dialect } = explanationJson(explained);
  const read = dialect === null ? kind : `${kind}, read as ${dialect}`;
  const head = [span.name, read, `scope ${span.scope.name === '' ? '—' : span.scope.name}`].join(' · ');
  const lines = [printable(head), `  ids     ${trace_id === '' ? '—' : trace_id} / ${span_id === '' ? '—' : span_id}`];
  if (call === undefined) return [...lines, '  nothing in it speaks of an LLM call: passed on as it is'].join('\n');
  const { provider = '—', model = '—', operation, tier, tags } = call;
  lines.push(printable(`  call    ${operation} · provider ${provider} · model ${model} · tier ${tier}`));
  lines.push(`  usage   ${usageText(call)}`);
  const { extra = {}, ...named } = tags;
  const pairs = Object.entries({ ...named, ...extra }).map(([name, value]) => `${name}=${value}`);
  lines.push(printable(`  tags    ${pairs.length === 0 ? '—' : pairs.join(' ')}`));
  if (charge === undefined) lines.push('  charge  none: it repeats the usage of the spans below it');
  else lines.push(`  charge  ${printable(chargeText(charge)).split('\n').join('\n        ')}`);
  return lines.join('\n');
}

function usageText({ usage, usageState }: NonNullable<Explanation['call']>): string {
  if (usage.status === 'missing') return 'none reported';
  if (usage.status === 'invalid') return `invalid: ${usage.detail}`;
  const counts = Object.entries(usage.counts).map(([unit, count]) => `${unit} ${count.toLocaleString('en-US')}`);
  const basis = usage.basis === 'assumed' ? ', input assumed to include the cache, as the convention says' : '';
  return `${counts.length === 0 ? 'nothing used' : counts.join(' · ')} (${usageState}${basis})`;
}

function summary(explained: readonly Explanation[], unreadable: number): string {
  const charges = explained.flatMap(({ charge }) => charge ?? []);
  const amounts = charges.flatMap((charge) => (charge.status === 'priced' ? [charge.amount] : []));
  const total = amounts.reduce((sum, amount) => sum + amount, 0n);
  const aggregates = explained.filter(({ call }) => call?.kind === 'aggregate').length;
  const parts: readonly (readonly [count: number, what: string])[] = [
    [amounts.length, `priced, together ${displayUsd(total)}`],
    [charges.length - amounts.length, 'unpriced'],
    [aggregates, 'not charged: what is below them is'],
    [explained.length - charges.length - aggregates, 'of no LLM call'],
    [unreadable, 'unreadable: passed on as they came'],
  ];
  const spans = `${explained.length + unreadable} ${explained.length + unreadable === 1 ? 'span' : 'spans'}`;
  return [spans, ...parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)].join(' · ');
}

/** A stranger's text must not move the cursor of somebody's terminal. */
function printable(text: string): string {
  return text.replace(/(?!\n)\p{C}/gu, '?');
}

import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import { displayUsd, loadPriceBook } from '../../pricing/index.ts';
import { tagNames, type Call } from '../call.ts';
import { loadConfig } from '../config.ts';
import { callReader, readCall, withHouse, type CallReader } from '../dialects/index.ts';
import { readLogCall } from '../dialects/logs/index.ts';
import { basisEvidence, evidenceOf } from '../evidence.ts';
import { explainAll, explanationJson, type Explanation } from '../explain.ts';
import type { Span } from '../otlp/index.ts';
import type { Reason } from '../stages/judge.ts';
import { bytesOf, filesOf, joined, readInput, type ExplainInput } from './explain-input.ts';
import { chargeText } from './prices/quote.ts';
import { redacted } from './redact.ts';

interface ExplainOptions {
  readonly json?: boolean;
  readonly evidence?: boolean;
  readonly redact?: boolean;
  readonly config?: string;
}

/** `spanledger explain PATH`: how everything in OTLP files is read, what it costs, and why, or why it costs nothing. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('how each span and log record of an OTLP file is read, what it costs and why')
    .argument(
      '<path>',
      'a request of traces or logs in JSON or protobuf, or JSON lines of them; gzip is fine; - for stdin; a folder for all in it',
    )
    .option('--json', 'one JSON object a span or record')
    .option('--evidence', 'for each figure the attributes that it comes from (with --json: as "evidence")')
    .option('--redact', 'hashes in place of tags and unusual names, to attach it to a report')
    .option('-c, --config <file>', 'a spanledger.yaml whose "dialects" are to be read, too')
    .action(async (path: string, options: ExplainOptions) => {
      const inputs =
        path === '-'
          ? [readInput(await buffer(process.stdin), 'stdin')]
          : filesOf(path).map((file) => readInput(bytesOf(file), file));
      console.log(explainInput(joined(inputs), options));
    });
}

/** What the command prints for the bytes of a file. Throws `malformed_otlp` with the file's name and the place. */
export function explainBytes(bytes: Buffer, name: string, json: boolean): string {
  return explainInput(readInput(bytes, name), { json });
}

function explainInput(input: ExplainInput, { json, evidence, redact, config }: ExplainOptions): string {
  const read = readerWith(config);
  const explained = explainAll(input, loadPriceBook(), read);
  const records = new Set(input.records);
  const readerOf = (span: Span): CallReader => (records.has(span) ? readLogCall : read);
  const shown = redact === true ? explained.map(redacted) : explained;
  if (json === true)
    return shown
      .map((one, index) => {
        const line = explanationJson(one);
        const span = explained[index]?.span ?? one.span;
        return JSON.stringify(evidence === true ? { ...line, evidence: evidenceJson(span, readerOf(span)) } : line);
      })
      .join('\n');
  const texts = shown.map((one, index) => {
    const { span, call } = explained[index] ?? one;
    const lines = evidence === true && call !== undefined ? evidenceLines(span, call, readerOf(span)) : [];
    return [explanationText(one), ...lines].join('\n');
  });
  return [...texts, summary(explained, input.unreadable)].join('\n\n');
}

function readerWith(file: string | undefined): CallReader {
  if (file === undefined) return readCall;
  return callReader(withHouse(loadConfig({ file, env: process.env, cwd: process.cwd() }).dialects));
}

function evidenceJson(span: Span, read: CallReader): Readonly<Record<string, unknown>> {
  return Object.fromEntries(evidenceOf(span, read).map(({ figure, from, otherwise }) => [figure, { from, otherwise }]));
}

function evidenceLines(span: Span, call: Call, read: CallReader): string[] {
  const lines = evidenceOf(span, read).map(({ figure, from, otherwise }) => {
    const said = from.length === 0 ? 'by the dialect' : from.join(' + ');
    return printable(`  from    ${figure}: ${said}${otherwise.length === 0 ? '' : ` (else ${otherwise.join(', ')})`}`);
  });
  const basis = basisEvidence(span, call);
  return basis === undefined ? lines : [...lines, `  basis   ${basis}`];
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
  const named = tagNames.flatMap((name) => (tags[name] === undefined ? [] : [`${name}=${tags[name]}`]));
  const pairs = [...named, ...Object.entries(tags.extra ?? {}).map(([name, value]) => `${name}=${value}`)];
  lines.push(printable(`  tags    ${pairs.length === 0 ? '—' : pairs.join(' ')}`));
  if (kind === 'nested') lines.push('  charge  none: another span or record tells the same call, and is charged');
  else if (charge === undefined) lines.push(`  charge  none: ${whyNot(explained.reason)}`);
  else lines.push(`  charge  ${printable(chargeText(charge)).split('\n').join('\n        ')}`);
  if (call.kind === 'aggregate' && charge !== undefined)
    lines.push('          charged because nothing here tells its calls; one that comes later takes this back');
  return lines.join('\n');
}

const reasons: Readonly<Record<Reason, string>> = {
  parts_known: 'it repeats what is below it, which is charged',
  inside_call: 'it is part of a call, which is charged',
  same_answer: 'a call of its trace tells the same answer, and is charged',
  no_trace: 'it stands in no trace, so nobody can tell whether its calls are told elsewhere',
  polling: 'it asks again for an answer that was charged when it was made',
};

function whyNot(reason: Reason | undefined): string {
  return reason === undefined ? 'it repeats what is below it' : reasons[reason];
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
  const aggregates = explained.filter(({ call, charge }) => call?.kind === 'aggregate' && charge === undefined).length;
  const nested = explained.filter(({ call, charge }) => call?.kind === 'call' && charge === undefined).length;
  const parts: readonly (readonly [count: number, what: string])[] = [
    [amounts.length, `priced, together ${displayUsd(total)}`],
    [charges.length - amounts.length, 'unpriced'],
    [aggregates, 'not charged: they repeat others'],
    [nested, 'of calls that others tell'],
    [explained.length - charges.length - aggregates - nested, 'of no LLM call'],
    [unreadable, 'unreadable: passed on as they came'],
  ];
  const spans = `${explained.length + unreadable} ${explained.length + unreadable === 1 ? 'span' : 'spans'}`;
  return [spans, ...parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)].join(' · ');
}

/** A stranger's text must not move the cursor of somebody's terminal. */
function printable(text: string): string {
  return text.replace(/(?!\n)\p{C}/gu, '?');
}

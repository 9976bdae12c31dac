import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { explainBytes } from '../../../processor/commands/explain.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { encodeLogs } from '../../support/logs.ts';
import { chatSpan, encodeJson, encodeProtobuf, message, request, tokens } from '../../support/otlp.ts';

const bin = join(import.meta.dirname, '../../../processor/bin.cjs');
const fixtures = join(import.meta.dirname, '../../fixtures/otlp');

function run(args: readonly string[], input?: Uint8Array): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'explain', ...args], { input });
  return { code: status, out: stdout.toString(), err: stderr.toString() };
}

function fixture(name: string): Buffer {
  return readFileSync(join(fixtures, `${name}.json`));
}

function json(bytes: Uint8Array): readonly Record<string, unknown>[] {
  return lines(explainBytes(Buffer.from(bytes), 'test', true));
}

function text(bytes: Uint8Array): string {
  return explainBytes(Buffer.from(bytes), 'test', false);
}

function lines(out: string): readonly Record<string, unknown>[] {
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('--json gives one line a span, in exactly this shape', () => {
  const { code, out } = run(['--json', join(fixtures, 'otel-genai.agent.json')]);
  expect(code).toBe(0);
  const [agent, leaf, tool] = lines(out);
  expect(agent).toEqual({
    trace_id: '00000000000000000000000000abcdef',
    span_id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    name: 'invoke_agent researcher',
    scope: 'acme.agents',
    dialect: 'otel-genai',
    kind: 'aggregate',
    provider: 'openai',
    model: 'gpt-4.1-mini',
    operation: 'invoke_agent',
    tier: 'standard',
    usage: { input: 3000, output: 600 },
    usage_basis: 'reported',
    usage_state: 'reported',
    tags: { environment: 'production', feature: 'researcher', service: 'shop' },
    charge: null,
  });
  expect(leaf).toMatchObject({
    kind: 'call',
    charge: {
      status: 'priced',
      amount_usd: '0.00072',
      lines: [
        { unit: 'input', quantity: 1000, rate_usd: '0.0000004', rate_usd_per_million: '0.4', amount_usd: '0.0004' },
        { unit: 'output', quantity: 200, rate_usd: '0.0000016', rate_usd_per_million: '1.6', amount_usd: '0.00032' },
      ],
    },
  });
  expect(tool).toMatchObject({ kind: 'other', dialect: null, usage: {}, usage_state: null, charge: null });
});

describe('reads the same from', () => {
  const plain = json(encodeJson(request(chatSpan(1))));
  it.each([
    ['protobuf', encodeProtobuf(request(chatSpan(1)))],
    ['gzip', gzipSync(encodeProtobuf(request(chatSpan(1))))],
    [
      'JSON with blanks and a mark before it',
      Buffer.concat([Buffer.from('\uFEFF\n '), encodeJson(request(chatSpan(1)))]),
    ],
  ])('%s', (_, bytes) => {
    expect(json(bytes)).toEqual(plain);
  });
  it('JSON lines, as a Collector writes them to a file', () => {
    const two = [1, 2].map((n) => `${encodeJson(request(chatSpan(n))).toString()}\n`).join('');
    const read = json(Buffer.from(two));
    expect([read[0], read.length]).toEqual([plain[0], 2]);
  });
  it('standard input', () => {
    expect(lines(run(['--json', '-'], encodeJson(request(chatSpan(1)))).out)).toEqual(plain);
  });
});

it('shows people the sum, line by line', () => {
  const words = text(fixture('spanledger.cached')).replaceAll(/ +/g, ' ');
  expect(words).toContain('chat claude-opus-4-6 · call, read as spanledger · scope spanledger\n');
  expect(words).toContain(
    ' usage input 1,000 · cache_read 20,000 · cache_write_5m 3,000 · cache_write_1h 1,000 · output 500 (reported)\n',
  );
  expect(words).toContain(' cache_read 20,000 × $0.5 per million = $0.01\n');
  expect(words).toContain(' total $0.05625\n');
  expect(words).toMatch(/\n\n1 span · 1 priced, together \$0\.05625$/);
});

it('says why there is no figure, and what was assumed', () => {
  const out = text(fixture('otel-genai.strings'));
  expect(out).toContain('no price (invalid_usage): gen_ai.usage.input_tokens is the text "many", not a count');
  expect(out).toMatch(/3 spans · 1 priced, together \$0\.004 · 2 unpriced$/);
  expect(text(fixture('otel-genai.1.41-cached'))).toContain('input assumed to include the cache');
});

it('counts spans that cannot be read', () => {
  const bytes = message([1, message([2, message([2, Uint8Array.of(0x0a, 0x7f)])])]);
  expect(text(bytes)).toMatch(/1 span · 1 unreadable: passed on as they came$/);
});

describe('refuses', () => {
  it.each([
    ['JSON that is none', '{"resourceSpans": [', 'not an OTLP trace request in JSON: '],
    ['protobuf that is none', 'plain text', 'not an OTLP trace request in protobuf: '],
    ['a bad line among good ones', '{}\n{"resourceSpans":7}\n', 'line 2: not an OTLP trace request in JSON: '],
    ['gzip that is cut', gzipSync('{}').subarray(0, 12), 'unexpected end of file'],
  ])('%s', (_, input, said) => {
    expect(() => explainBytes(Buffer.from(input), 'traces.json', true)).toThrow(
      expect.objectContaining({
        code: 'malformed_otlp',
        message: expect.stringContaining(`traces.json: ${said}`) as string,
      }),
    );
  });
  it.each([
    ['a file that is not there', ['/nowhere.json'], undefined, 2, "/nowhere.json can't be read: there is no such file"],
    [
      'a folder without any',
      [import.meta.dirname],
      undefined,
      2,
      `${import.meta.dirname} holds no file with a name such as *.json, *.jsonl or *.binpb`,
    ],
    ['what is no OTLP', ['-'], '[]', 1, 'stdin: not an OTLP trace request in JSON: the top level is not an object'],
  ])('%s: one line, and an exit code', (_, args, input, code, said) => {
    const result = run(args, input === undefined ? undefined : Buffer.from(input));
    expect(result).toEqual({ code, out: '', err: `spanledger: ${said}\n` });
  });
});

describe('more than one span', () => {
  const answer = { 'gen_ai.response.id': 'r' };

  it('of a call that two spans tell, one is charged', () => {
    const outer = { ...chatSpan(2, answer), traceId: chatSpan(1).traceId ?? '', end: 1_790_000_009_000_000_000n };
    const read = json(encodeJson(request(outer, chatSpan(1, answer))));
    expect(read.map(({ kind }) => kind)).toEqual(['nested', 'call']);
    expect(read[0]?.['charge']).toBeNull();
    expect(text(encodeJson(request(outer, chatSpan(1, answer))))).toContain('1 priced, together $0.004');
  });

  it('a folder is read as a whole, traces and logs, in whatever form', () => {
    const folder = temporaryFolder();
    const logs = fixture('claude-code-log.plain.logs');
    writeFileSync(join(folder, 'a.json'), encodeJson(request(chatSpan(1))));
    writeFileSync(join(folder, 'b.binpb.gz'), gzipSync(encodeProtobuf(request(chatSpan(2)))));
    mkdirSync(join(folder, 'below'));
    writeFileSync(join(folder, 'below/c.binpb'), encodeLogs(logs));
    writeFileSync(join(folder, 'below/d.jsonl'), `${logs.toString().trim().replace('req_1', 'req_9')}\n{}\n`);
    writeFileSync(join(folder, 'notes.txt'), 'none of our business');
    const { code, out } = run(['--json', folder]);
    expect(code).toBe(0);
    expect(lines(out).map(({ dialect }) => dialect)).toEqual([
      'otel-genai',
      'otel-genai',
      'claude-code-log',
      'claude-code-log',
    ]);
  });
});

it('--evidence says which attributes a figure comes from, and which would be next', () => {
  const span = chatSpan(1, {
    'gen_ai.response.model': 'gpt-4o',
    'gen_ai.usage.prompt_tokens': tokens(800),
    'gen_ai.usage.cache_read.input_tokens': tokens(300),
  });
  const { out } = run(['--evidence', '--json', '-'], encodeJson(request(span)));
  expect(lines(out)[0]?.['evidence']).toMatchObject({
    model: { from: ['gen_ai.response.model'], otherwise: ['gen_ai.request.model'] },
    provider: { from: ['gen_ai.provider.name'] },
    input: {
      from: ['gen_ai.usage.input_tokens', 'gen_ai.usage.cache_read.input_tokens'],
      otherwise: ['gen_ai.usage.prompt_tokens'],
    },
    cache_read: { from: ['gen_ai.usage.cache_read.input_tokens'], otherwise: [] },
    output: { from: ['gen_ai.usage.output_tokens'], otherwise: [] },
  });
  const said = run(['--evidence', '-'], encodeJson(request(span))).out;
  expect(said).toContain('  basis   nothing is known of this emitter');
  expect(said).toContain('(else gen_ai.request.model)');
});

it('--redact keeps figures, and nothing that somebody could be known by', () => {
  const span = { ...chatSpan(1, { customer_id: 'acme', 'spanledger.tag.deal': 'big' }), name: 'Tell me about Bob' };
  const { out } = run(['--redact', '-'], encodeJson(request(span)));
  expect(out).toContain('$0.004');
  expect(out).toMatch(/customer_id=#[0-9a-f]{8}/);
  expect(out).not.toMatch(/acme|big|Bob/);
});

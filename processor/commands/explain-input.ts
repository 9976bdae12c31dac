import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SpanledgerError } from '../errors.ts';
import { readLogs, readTraces, type Span } from '../otlp/index.ts';
import { frames } from '../otlp/frames.ts';

/** What a file holds, of either signal. */
export interface ExplainInput {
  readonly spans: readonly Span[];
  readonly records: readonly Span[];
  readonly unreadable: number;
}

/** What is read in a folder, each with `.gz` behind it or not. */
const EXTENSIONS = /\.(json|jsonl|ndjson|binpb|pb|bin|otlp)(\.gz)?$/i;

/**
 * The files that a path names: itself, or what is in the folder and those below it, in their order.
 *
 * @throws SpanledgerError `unreadable_file`
 */
export function filesOf(path: string): readonly string[] {
  if (!attempt(path, () => statSync(path)).isDirectory()) return [path];
  const files = attempt(path, () => readdirSync(path, { recursive: true, encoding: 'utf8' }))
    .filter((name) => EXTENSIONS.test(name))
    .toSorted()
    .map((name) => join(path, name));
  if (files.length === 0)
    throw new SpanledgerError(
      'unreadable_file',
      `${path} holds no file with a name such as *.json, *.jsonl or *.binpb`,
    );
  return files;
}

export function bytesOf(file: string): Buffer {
  return attempt(file, () => readFileSync(file));
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why = code === 'ENOENT' ? 'there is no such file' : code;
    throw new SpanledgerError('unreadable_file', `${file} can't be read: ${why}`, { cause: error });
  }
}

/**
 * The requests of a file, whatever it is in: an OTLP/JSON request begins with a brace, as no protobuf request does. A
 * Collector's file exporter writes one request a line. Throws `malformed_otlp` with the file's name and the place.
 */
export function readInput(bytes: Buffer, name: string): ExplainInput {
  try {
    const body = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    const start = body
      .subarray(0, 64)
      .toString()
      .replace(/^\uFEFF/, '')
      .trimStart();
    if (!/^[{[]/.test(start)) return readBinary(body);
    const lines = body
      .toString()
      .split('\n')
      .map((line) => line.trim());
    const isLines = lines.filter((line) => line !== '').length > 1 && lines.every((line) => /^(\{.*\})?$/.test(line));
    return isLines ? joined(lines.map(readLine)) : readText(body);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SpanledgerError('malformed_otlp', `${name}: ${message}`, { cause: error });
  }
}

export function joined(inputs: readonly ExplainInput[]): ExplainInput {
  return {
    spans: inputs.flatMap(({ spans }) => spans),
    records: inputs.flatMap(({ records }) => records),
    unreadable: inputs.reduce((sum, { unreadable }) => sum + unreadable, 0),
  };
}

const NOTHING: ExplainInput = { spans: [], records: [], unreadable: 0 };

/** An object may hold both; what it does not hold is empty. */
function readText(body: Buffer): ExplainInput {
  const traces = { ...NOTHING, ...readTraces(body, 'json') };
  return body.includes('"resourceLogs"') ? joined([traces, { ...NOTHING, ...readLogs(body, 'json') }]) : traces;
}

function readLine(line: string, index: number): ExplainInput {
  if (line === '') return NOTHING;
  try {
    return readText(Buffer.from(line));
  } catch (error) {
    throw new Error(`line ${index + 1}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Nothing in a binary request says which signal it is of: the first field of a record is its time, that of a span its trace. */
function readBinary(body: Buffer): ExplainInput {
  const isLogs = holdsLogs(body);
  return isLogs ? { ...NOTHING, ...readLogs(body, 'protobuf') } : { ...NOTHING, ...readTraces(body, 'protobuf') };
}

function holdsLogs(body: Buffer): boolean {
  try {
    for (const resource of frames(body))
      for (const scope of frames(resource.payload ?? new Uint8Array()))
        if (scope.field === 2)
          for (const item of frames(scope.payload ?? new Uint8Array()))
            if (item.field === 2)
              for (const { field, payload } of frames(item.payload ?? new Uint8Array()))
                if (field === 1 || field === 11) return payload === undefined;
  } catch {
    // Whoever reads it says what is wrong.
  }
  return false;
}

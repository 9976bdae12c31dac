import type { Span } from '../../otlp/request.ts';
import type { CallReader } from '../index.ts';
import { claudeCodeLog } from './claude-code.ts';
import { codexLog } from './codex.ts';
import { geminiCliLog } from './gemini-cli.ts';
import type { LogDialect } from './log-dialect.ts';
import { otelGenaiLog } from './otel-genai.ts';

/** Emitters that put usage into log events, each asked in turn. */
export const logDialects: readonly LogDialect[] = [claudeCodeLog, codexLog, geminiCliLog, otelGenaiLog];

/** The call that a log record speaks of; undefined where there is none, or no dialect recognises it. */
export const readLogCall: CallReader = (record: Span) => {
  for (const dialect of logDialects) {
    const call = dialect.read(record);
    if (call !== undefined) return call ?? undefined;
  }
  return undefined;
};

/** Whether any of its records may be one of ours: a search for a few words, whatever the encoding. */
export function mayHoldCalls(body: Uint8Array): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  return logDialects.some(({ marks }) => marks.some((mark) => bytes.includes(mark)));
}

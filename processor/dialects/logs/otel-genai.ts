import { text } from '../attributes.ts';
import { aggregateOperations, conventionalCall } from '../conventional.ts';
import type { LogDialect } from './log-dialect.ts';

const DETAILS = 'gen_ai.client.inference.operation.details';

/**
 * The event of the GenAI conventions that tells a call with its usage, for emitters that are told to send events and whose
 * spans are switched off, sampled away, or without usage. It is written within the span of the same call, mostly, so it is
 * held as agents are and charged only if no span tells the call. Events before 1.37 (`gen_ai.choice` and the messages) hold
 * no usage. Gemini CLI and Copilot tell the same calls in events or spans of their own.
 */
export const otelGenaiLog: LogDialect = {
  name: 'otel-genai-log',
  marks: [DETAILS],
  isWithinSpan: true,
  read(record) {
    if (record.name !== DETAILS) return undefined;
    const emitter = `${record.scope.name} ${text(record.resource, 'service.name') ?? ''}`;
    if (/gemini[-_]cli|copilot/i.test(emitter)) return null;
    const call = conventionalCall(record, { dialect: otelGenaiLog.name, kind: 'aggregate' });
    // What an agent used is told by the calls that it made.
    return call === null || aggregateOperations.has(call.operation) ? null : call;
  },
};

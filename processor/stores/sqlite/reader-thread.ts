import { parentPort, workerData } from 'node:worker_threads';
import { SpanledgerError } from '../../errors.ts';
import { openReader, type Reader } from './reader.ts';
import type { Answer, Question } from './reader-client.ts';

/** The thread that answers reads, so that a long one never holds up the receiver. Started by reader-client.ts. */
const path = workerData as string;
let reader: Reader | undefined;

parentPort?.on('message', (question: Question) => {
  parentPort?.postMessage(answer(question), []);
});

function answer({ id, method, args }: Question): Answer {
  try {
    reader ??= openReader(path);
    const read = reader[method] as (...args: readonly unknown[]) => unknown;
    return { id, result: read(...args) };
  } catch (error) {
    const code = error instanceof SpanledgerError ? error.code : 'ledger_unavailable';
    return { id, failure: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

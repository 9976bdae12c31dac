import { readReplicateUsage } from '../../pricing/usage/blocks/index.ts';
import { isJson, textOf, type WireApi } from './api.ts';

/** States from which a prediction goes on. https://replicate.com/docs/reference/http#predictions.create */
const unfinished = new Set<unknown>(['starting', 'processing', 'queued']);

/** `POST /predictions`, of a version, an official model or a deployment. */
export const replicatePredictions: WireApi = {
  name: 'replicate-predictions',
  operation: 'generate_content',
  request: (body, path) => ({ model: modelOf(path, body['version']), maxTokens: undefined, stream: false }),
  readBody(body, into) {
    const { status, metrics, error } = body;
    into.id = textOf(body['id']) ?? into.id;
    into.model = textOf(body['model']) ?? into.model;
    if (unfinished.has(status)) return;
    if (isJson(metrics)) into.block = metrics;
    if (typeof status === 'string') into.finishReasons = [status];
    if (status === 'failed' && error !== undefined) into.error = 'failed';
    into.complete = true;
  },
  readEvent: () => {},
  // The figures come with a later look at the same prediction.
  pending: ({ id, status }) => (unfinished.has(status) ? textOf(id) : undefined),
  readUsage: readReplicateUsage,
  input: () => [],
};

/** `owner/name`, which is what people know a model by; a version alone is a hash. */
function modelOf(path: string, version: unknown): string | undefined {
  const named = /\/models\/([^/]+\/[^/]+)\/predictions$/.exec(path)?.[1];
  return named ?? textOf(version)?.replace(/(.\/.*):.*/, '$1');
}

import { isJson, type Json } from '../apis/api.ts';
import type { Call } from '../call.ts';
import type { BudgetExceededError } from './error.ts';

/**
 * The body with the model that the guard has named; undefined where it has named none, or where the model is not in the body:
 * then the request goes out as it is.
 *
 * @param sent the body as it is sent, of which `body` is what was read
 */
export function replacedModel(call: Call, body: Json, sent: unknown): Json | undefined {
  const { admission } = call;
  const model = admission?.model;
  if (admission === undefined || model === undefined) return undefined;
  if (sent !== body || typeof body['model'] !== 'string') {
    admission.kept();
    return undefined;
  }
  call.replaces(model);
  return { ...body, model };
}

/** The same for a request that is sent by `fetch`. */
export function replacedInit(call: Call, body: unknown, init: RequestInit | undefined): RequestInit | undefined {
  if (call.admission?.model === undefined) return undefined;
  // Where somebody has counted its bytes, it must stay as long as it is.
  const fixed = typeof init?.body !== 'string' || new Headers(init.headers).has('content-length');
  const replaced = isJson(body) ? replacedModel(call, body, fixed ? undefined : body) : undefined;
  return replaced === undefined ? undefined : { ...init, body: JSON.stringify(replaced) };
}

/** What `fetch` answers in the place of the provider: a status that no client tries again. */
export function refusedResponse(refusal: BudgetExceededError): Response {
  return new Response(JSON.stringify(refusal.toProblem()), {
    status: refusal.status,
    statusText: 'Payment Required',
    headers: { 'content-type': 'application/problem+json' },
  });
}

import { isJson, type Json, type WireApi } from './apis/api.ts';
import { apiOfUrl } from './apis/index.ts';
import { waitingCall } from './background.ts';
import type { Batches } from './batches.ts';
import { patient, type Listener } from './listener.ts';
import type { Call } from './call.ts';
import { claimed, currentLogical, isClaimed, type Logical } from './claim.ts';
import type { Observing } from './clients/client.ts';
import { findDataApi, type Credits, type DataApi } from './data-apis.ts';
import { withoutBaggage } from './egress.ts';
import { formFields } from './form.ts';
import { guarded } from './contain.ts';
import { refusedResponse, replacedInit } from './guard/replace.ts';
import { providerOf } from './provider.ts';
import { observeResponse } from './response.ts';
import { wrapMethod } from './wrap.ts';

type Fetch = typeof globalThis.fetch;
type Input = Parameters<Fetch>[0];
type Init = Parameters<Fetch>[1];

interface Plan {
  readonly api: WireApi;
  readonly url: URL;
  readonly provider: string;
  readonly logical: Logical | undefined;
  /** The request's body; a promise where it has to be read from a copy. */
  readonly body: unknown;
}

interface DataCall {
  readonly call: Call;
  readonly credits: Credits;
}

/** A larger body is sound or a film, or not worth reading twice. */
const longestBody = 32 * 1024 * 1024;

/**
 * Watches `fetch` for requests to model providers that no client hook watches: bundled applications, clients that we do not
 * know, hand-written requests. Every other request goes through untouched.
 */
export function hookFetch({ recorder, batches }: Observing, dataApis: readonly DataApi[] = []): void {
  wrapMethod(
    globalThis,
    'fetch',
    (fetch: Fetch): Fetch =>
      function (this: unknown, ...args: [Input, (Init & { readonly [claimed]?: true })?]) {
        if (args[1]?.[claimed] === true) return fetch.apply(this, args);
        const look = guarded(() => lookOf(batches, ...args));
        if (look !== undefined)
          return withoutBaggage(() => fetch.apply(this, args)).then((response) => {
            if (response.status < 400) guarded(() => observeResponse(response, look, undefined));
            return response;
          });
        const data = dataApis.length === 0 ? undefined : guarded(() => dataCall(args[0]));
        if (data !== undefined)
          return withoutBaggage(() => fetch.apply(this, args)).then(
            (response) => {
              guarded(() => dataAnswered(data, response));
              return response;
            },
            (error: unknown) => {
              data.call.fail(error);
              throw error;
            },
          );
        const plan = guarded(() => planOf(...args));
        if (plan === undefined) return fetch.apply(this, args);
        const { logical, url } = plan;
        const open = (body: unknown): Call | undefined => {
          const again = logical?.call;
          if (again !== undefined && !again.ended) {
            again.attempts++;
            return again;
          }
          if (!isJson(body)) return undefined;
          const place = { url: url.href, path: url.pathname };
          // A body that has to be read from a copy is known when the request is on its way.
          const asks = plan.body instanceof Promise ? {} : ({ guarded: true } as const);
          const call = recorder.begin(plan.api, body, { ...place, ...asks }, plan.provider);
          if (logical !== undefined) logical.call = call;
          return call;
        };
        const known = plan.body instanceof Promise ? undefined : guarded(() => open(plan.body));
        if (known === undefined && !(plan.body instanceof Promise)) return fetch.apply(this, args);
        const refusal = known?.admission?.refusal;
        if (refusal !== undefined) {
          if (logical !== undefined) logical.refusal = refusal;
          return Promise.resolve(refusedResponse(refusal));
        }
        const init = known === undefined ? undefined : guarded(() => replacedInit(known, plan.body, args[1]));
        if (init !== undefined) args[1] = init;
        const call = async (): Promise<Call | undefined> => known ?? open(await plan.body);
        return withoutBaggage(() => fetch.apply(this, args)).then(
          async (response) => {
            const begun = await call().catch(() => undefined);
            if (begun !== undefined) guarded(() => answered(begun, response, logical));
            return response;
          },
          async (error: unknown) => {
            const begun = await call().catch(() => undefined);
            // The library above may try again; if not, it says so.
            if (logical === undefined) begun?.fail(error);
            else logical.status = undefined;
            throw error;
          },
        );
      },
  );

  const dataCall = (input: Input): DataCall | undefined => {
    const url = URL.parse(input instanceof Request ? input.url : input instanceof URL ? input.href : input);
    const api = url === null ? undefined : findDataApi(dataApis, url);
    if (url === null || api === undefined || isClaimed()) return undefined;
    const call = recorder.begin(api.wire, {}, { url: url.origin, path: url.pathname }, api.host);
    return call === undefined ? undefined : { call, credits: api.credits };
  };

  const dataAnswered = ({ call, credits }: DataCall, response: Response): void => {
    // What was used may be told of a refusal too.
    if (credits.from === 'header') call.counted(response.headers.get(credits.name) ?? undefined);
    if (response.status >= 400) return call.failStatus(response.status);
    if (credits.from === 'rule') call.counted(credits.count);
    if (credits.from !== 'body') return call.complete();
    observeResponse(response, call, undefined);
    recorder.watch(response, call);
  };

  const answered = (call: Call, response: Response, logical: Logical | undefined): void => {
    if (logical !== undefined) logical.status = response.status >= 400 ? response.status : undefined;
    if (response.status >= 400) {
      if (logical === undefined) call.failStatus(response.status);
      return;
    }
    call.answered();
    if (call.ended) return;
    observeResponse(response, call, undefined);
    recorder.watch(response, call);
  };
}

/** Who reads along when a request fetches what was ordered before: an answer made in the background, a batch. */
function lookOf(batches: Batches, input: Input, init: Init): Listener | undefined {
  const href = input instanceof Request ? input.url : input instanceof URL ? input.href : input;
  if (!/\/(?:responses|predictions|batch|batches|files)\b/.test(href) || isClaimed()) return undefined;
  const waiting = waitingCall(href);
  if (waiting !== undefined) return patient(waiting);
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  const url = URL.parse(href);
  const provider = url === null ? undefined : (providerOf(url.hostname) ?? currentLogical()?.provider);
  if (url === null || provider === undefined || method.toUpperCase() !== 'GET') return undefined;
  return batches.reader({ url: href, path: url.pathname, provider });
}

function planOf(input: Input, init: Init): Plan | undefined {
  const request = input instanceof Request ? input : undefined;
  const method = init?.method ?? request?.method ?? 'GET';
  if (method.toUpperCase() !== 'POST' || isClaimed()) return undefined;
  const url = URL.parse(input instanceof Request ? input.url : input instanceof URL ? input.href : input);
  if (url === null) return undefined;
  const logical = currentLogical();
  const found = apiOfUrl(url, logical?.provider);
  if (found === undefined) return undefined;
  const { api, provider } = found;
  const body = init?.body ?? undefined;
  if (body === undefined && request !== undefined) return { api, url, provider, logical, body: bodyOfCopy(request) };
  return { api, url, provider, logical, body: parseBody(body) };
}

function parseBody(body: unknown): unknown {
  if (typeof body === 'string') return body.length > longestBody ? {} : parse(body);
  if (body instanceof FormData) return formFields(body);
  if (body instanceof Uint8Array) return body.length > longestBody ? {} : parse(new TextDecoder().decode(body));
  return undefined;
}

async function bodyOfCopy(request: Request): Promise<Json | undefined> {
  const copy = request.clone();
  if (copy.headers.get('content-type')?.startsWith('multipart/') === true) return formFields(await copy.formData());
  return parse(await copy.text());
}

function parse(text: string): Json | undefined {
  const value: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
  return isJson(value) ? value : undefined;
}

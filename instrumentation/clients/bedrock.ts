import { AsyncLocalStorage } from 'node:async_hooks';
import { isJson, type Json, type WireApi } from '../apis/api.ts';
import { bedrockConverse, bedrockEmbeddings, bedrockInvoke, countsOfHeaders } from '../apis/bedrock.ts';
import type { Call } from '../call.ts';
import { withoutBaggage } from '../egress.ts';
import { guarded } from '../contain.ts';
import { observeIterator } from '../stream.ts';
import { wrapMethod } from '../wrap.ts';
import type { Client, Observing } from './client.ts';

interface Command {
  readonly input?: unknown;
}
type Send = (this: BedrockClient, command: Command, ...rest: unknown[]) => Promise<unknown> | undefined;
interface BedrockClient {
  readonly middlewareStack: { add(middleware: Middleware, options: Readonly<Record<string, unknown>>): void };
}
type Next = (args: unknown) => Promise<{ readonly response?: unknown }>;
type Middleware = (next: Next) => Next;

/** By the name of the command, and what its path would be. */
const commands = new Map<string, readonly [api: WireApi, path: string]>([
  ['ConverseCommand', [bedrockConverse, 'converse']],
  ['ConverseStreamCommand', [bedrockConverse, 'converse-stream']],
  ['InvokeModelCommand', [bedrockInvoke, 'invoke']],
  ['InvokeModelWithResponseStreamCommand', [bedrockInvoke, 'invoke-with-response-stream']],
]);

/**
 * https://www.npmjs.com/package/@aws-sdk/client-bedrock-runtime: every command goes through `send`, whatever carries it
 * (HTTP/2 unless told otherwise). A middleware reads what the deserializer leaves out: where the request went, and the
 * counts that InvokeModel sends as headers.
 */
export const bedrock: Client = (observing) => ({
  name: '@aws-sdk/client-bedrock-runtime',
  majors: [3, 3],
  files: [
    {
      file: 'dist-cjs/index',
      names: ['BedrockRuntimeClient'],
      patch: ({ BedrockRuntimeClient }) =>
        typeof BedrockRuntimeClient === 'function' &&
        wrapMethod(BedrockRuntimeClient.prototype as object, 'send', (send: Send) => wrapSend(send, observing)),
    },
  ],
});

function wrapSend(send: Send, { recorder }: Observing): Send {
  const sending = new AsyncLocalStorage<Call>();
  const watched = new WeakSet<object>();
  const middleware: Middleware = (next) => async (args) => {
    const result = await next(args);
    const call = sending.getStore();
    if (call !== undefined) guarded(() => readTransport(call, args, result.response));
    return result;
  };
  return function (this: BedrockClient, command, ...rest) {
    const begun = guarded(() => {
      const known = commands.get(command.constructor.name);
      // With a callback there is no promise to watch.
      if (known === undefined || rest.some((argument) => typeof argument === 'function')) return undefined;
      const [api, path] = known;
      const body = bodyOf(command.input);
      if (!watched.has(this))
        this.middlewareStack.add(middleware, { step: 'deserialize', name: 'spanledger', override: true });
      watched.add(this);
      return recorder.begin(embeds(body, api), body, { url: '', path, guarded: true }, 'aws.bedrock');
    });
    if (begun === undefined) return send.call(this, command, ...rest);
    const refusal = begun.admission?.refusal;
    if (refusal !== undefined) return Promise.reject(refusal);
    // Models of different makers are asked in different words.
    if (begun.admission?.model !== undefined) begun.admission.kept();
    const sent = withoutBaggage(() => sending.run(begun, () => send.call(this, command, ...rest)));
    if (sent === undefined) return sent;
    return sent.then(
      (output) => {
        guarded(() => readOutput(output, begun, (stream) => recorder.watch(stream, begun)));
        return output;
      },
      (error: unknown) => {
        begun.attempts = attemptsOf(error) ?? begun.attempts;
        begun.fail(error);
        throw error;
      },
    );
  };
}

/** The command's own input; of InvokeModel the JSON body as well. */
function bodyOf(input: unknown): Json {
  if (!isJson(input)) return {};
  const { body, modelId } = input;
  const inner = typeof body === 'string' ? parse(body) : body instanceof Uint8Array ? parse(decode(body)) : undefined;
  return inner === undefined ? input : { ...inner, modelId };
}

function embeds(body: Json, api: WireApi): WireApi {
  return api === bedrockInvoke && /embed/.test(String(body['modelId'])) ? bedrockEmbeddings : api;
}

function readTransport(call: Call, args: unknown, response: unknown): void {
  const request = isJson(args) ? args['request'] : undefined;
  if (isJson(request)) {
    const { protocol, hostname, port } = request;
    const at = typeof port === 'number' ? `:${port}` : '';
    call.reached(`${String(protocol)}//${String(hostname)}${at}`);
  }
  const headers = isJson(response) ? response['headers'] : undefined;
  const counts = isJson(headers) ? countsOfHeaders(headers) : undefined;
  if (counts !== undefined) call.counted(counts);
}

function readOutput(output: unknown, call: Call, watch: (stream: object) => void): void {
  if (!isJson(output)) return call.end();
  call.attempts = attemptsOf(output) ?? call.attempts;
  call.answered();
  const { stream, body } = output;
  if (isJson(stream)) return observeStream(stream, call, watch, (event) => event);
  if (body instanceof Uint8Array) return call.body(parse(decode(body)));
  if (isJson(body)) return observeStream(body, call, watch, chunkOf);
  call.body(output);
}

/** The stream stays the object that it is; only its iterator is watched. */
function observeStream(
  stream: Json,
  call: Call,
  watch: (stream: object) => void,
  read: (event: unknown) => unknown,
): void {
  const source = stream as unknown as AsyncIterable<unknown>;
  const iterate = source[Symbol.asyncIterator];
  if (typeof iterate !== 'function') return call.end();
  watch(stream);
  const listener = {
    request: call.request,
    libraryReads: true,
    body: (value: unknown) => call.body(value),
    event: (event: unknown) => call.event(read(event)),
    complete: () => call.complete(),
    end: () => call.end(),
    fail: (error: unknown) => call.fail(error),
  };
  Object.defineProperty(stream, Symbol.asyncIterator, {
    configurable: true,
    enumerable: false,
    writable: true,
    value: () => observeIterator(iterate.call(stream), listener, undefined),
  });
}

function chunkOf(event: unknown): unknown {
  const chunk = isJson(event) ? event['chunk'] : undefined;
  const bytes = isJson(chunk) ? chunk['bytes'] : undefined;
  return bytes instanceof Uint8Array ? parse(decode(bytes)) : undefined;
}

function attemptsOf(from: unknown): number | undefined {
  const metadata = isJson(from) ? from['$metadata'] : undefined;
  const attempts = isJson(metadata) ? metadata['attempts'] : undefined;
  return typeof attempts === 'number' ? attempts : undefined;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

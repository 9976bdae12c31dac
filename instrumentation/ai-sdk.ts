import { tracingChannel } from 'node:diagnostics_channel';
import { aiSdkChat, aiSdkEmbeddings } from './apis/ai-sdk.ts';
import { isJson, type Json, type WireApi } from './apis/api.ts';
import type { Call } from './call.ts';
import { beneath, type Beneath } from './claim.ts';
import type { Observing } from './clients/client.ts';
import { guarded } from './contain.ts';

/** What the AI SDK publishes of one operation: the same object when it starts and when it ends. */
interface Message {
  readonly type?: unknown;
  readonly event?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

const operations = new Map<unknown, WireApi>([
  ['languageModelCall', aiSdkChat],
  ['embed', aiSdkEmbeddings],
  ['embedMany', aiSdkEmbeddings],
]);

/** The AI SDK's names of providers, without what follows the dot, where the conventions have others. */
const providers: Readonly<Record<string, string>> = {
  google: 'gcp.gemini',
  'google-vertex': 'gcp.vertex_ai',
  vertex: 'gcp.vertex_ai',
  'amazon-bedrock': 'aws.bedrock',
  bedrock: 'aws.bedrock',
  azure: 'azure.ai.openai',
  'azure-openai': 'azure.ai.openai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
  togetherai: 'together_ai',
  fireworks: 'fireworks_ai',
  moonshotai: 'moonshot_ai',
};

/**
 * Listens to the tracing channel of the AI SDK (7 and later; https://ai-sdk.dev/docs/ai-sdk-core/telemetry). Its providers
 * send their requests with fetch, which is watched and says more; only what no other hook saw beneath an operation (a
 * provider's own transport, a gateway's own protocol) is recorded from here. So no call is ever recorded twice.
 */
export function watchAiSdk({ recorder }: Observing): void {
  const channel = tracingChannel<Beneath, Message>('ai:telemetry');
  const open = new WeakMap<Message, { readonly call: Call; readonly below: Beneath }>();
  channel.start.bindStore(beneath, (message) => {
    const outer = beneath.getStore() ?? { seen: false };
    return (
      guarded(() => {
        const api = operations.get(message.type);
        const { event } = message;
        if (api === undefined || !isJson(event)) return outer;
        const call = recorder.begin(api, event, { url: '', path: '' }, providerOf(event));
        const below: Beneath = { seen: false };
        // Whether it is one that counts is only known when it is over.
        if (call !== undefined) call.announced = true;
        if (call !== undefined) open.set(message, { call, below });
        return below;
      }) ?? outer
    );
  });
  const ended = (message: Message): void => {
    const state = open.get(message);
    if (state === undefined) return;
    open.delete(message);
    const { call, below } = state;
    if (below.seen) return recorder.drop(call);
    if (message.error !== undefined) return call.fail(message.error);
    const stream = isJson(message.result) ? message.result['stream'] : undefined;
    call.answered();
    if (!(stream instanceof ReadableStream)) return call.body(message.result);
    recorder.watch(stream, call);
    observeParts(stream, call);
  };
  channel.subscribe({
    start: () => {},
    end: () => {},
    asyncStart: () => {},
    asyncEnd: (message) => guarded(() => ended(message)),
    error: () => {},
  });
}

function providerOf({ provider, modelId }: Json): string {
  const [name = ''] = String(provider).split('.');
  // Vercel's gateway names the maker in front of the model.
  const maker = name === 'gateway' ? String(modelId).split('/')[0] : name;
  return providers[maker ?? ''] ?? maker ?? name;
}

/** The AI SDK pipes the parts of an answer on; what goes through is seen on its way, and is what it was. */
function observeParts(stream: ReadableStream<unknown>, call: Call): void {
  call.streams();
  const pipe = stream.pipeThrough.bind(stream);
  const observer = (): TransformStream<unknown, unknown> =>
    new TransformStream(
      {
        transform(part, controller) {
          call.event(part);
          controller.enqueue(part);
        },
        flush: () => call.complete(),
        cancel: () => call.end(),
      },
      undefined,
      { highWaterMark: 0 },
    );
  Object.defineProperty(stream, 'pipeThrough', {
    configurable: true,
    writable: true,
    value: (next: TransformStream<unknown, unknown>, options?: Parameters<typeof pipe>[1]) =>
      pipe(observer()).pipeThrough(next, options),
  });
}

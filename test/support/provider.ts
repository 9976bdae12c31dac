/**
 * A provider simulator: one real HTTP server on loopback that speaks the wire formats of OpenAI (chat and legacy completions,
 * responses, embeddings, images) and Anthropic (messages), so that the real client libraries can be run against it. It is
 * deterministic; what it should do with a request is told by `x-simulate`, the script, or the model (behaviour.ts).
 *
 * @example
 * const provider = await startProvider({ script: [{ status: 500, retryAfterMs: 1 }, { usage: { input: 1250, output: 340 } }] });
 * const client = new OpenAI({ apiKey: 'test', baseURL: `${provider.url}/v1` }); // Anthropic: baseURL: provider.url
 * await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] });
 * provider.requests; // two of them: 500, then 200
 * await provider.stop();
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { anthropicMessages } from './provider/anthropic-messages.ts';
import type { Api, Reply } from './provider/api.ts';
import { failsNow, type Behaviour } from './provider/behaviour.ts';
import { openaiChat } from './provider/openai-chat.ts';
import { openaiCompletions } from './provider/openai-completions.ts';
import { openaiEmbeddings } from './provider/openai-embeddings.ts';
import { openai } from './provider/openai-errors.ts';
import { openaiImages } from './provider/openai-images.ts';
import { openaiResponses } from './provider/openai-responses.ts';

export type { Behaviour, SimulatedUsage } from './provider/behaviour.ts';

/** To add a wire API: one file and one line here. */
const apis: readonly Api[] = [
  openaiChat,
  openaiCompletions,
  openaiResponses,
  openaiEmbeddings,
  openaiImages,
  anthropicMessages,
];

export interface ProviderOptions {
  /** One for each HTTP request, in order; afterwards, or without, `models` and good answers. */
  readonly script?: readonly Behaviour[];
  /** What a model always does. The script and the header win, field by field. */
  readonly models?: Readonly<Record<string, Behaviour>>;
}

/** `open` while the answer is being sent; `cancelled` when the client went away first. */
export type Outcome = 'open' | 'sent' | 'cut' | 'cancelled';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; `undefined` where there was none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  status: number;
  outcome: Outcome;
  /** Events of a stream that were written. */
  events: number;
}

export interface Provider {
  /** Without a path: `http://127.0.0.1:port`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Queues behaviours for the next requests. */
  next(...behaviours: readonly Behaviour[]): void;
  stop(): Promise<void>;
}

export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  const script = [...(options.script ?? [])];
  const requests: RecordedRequest[] = [];
  const server = createServer((request, response) => {
    const handled = answer(request, response, { script, models: options.models ?? {}, requests });
    handled.catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(599, { 'content-type': 'text/plain' });
      response.end(`the simulator failed: ${String(error)}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    next: (...behaviours) => void script.push(...behaviours),
    stop: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface Simulation {
  readonly script: Behaviour[];
  readonly models: Readonly<Record<string, Behaviour>>;
  readonly requests: RecordedRequest[];
}

async function answer(request: IncomingMessage, response: ServerResponse, simulation: Simulation): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = parse(Buffer.concat(chunks).toString('utf8'));
  const path = request.url ?? '/';
  const { method = 'GET', headers } = request;
  const record: RecordedRequest = { method, path, headers, body, status: 0, outcome: 'open', events: 0 };
  const number = simulation.requests.push(record);
  response.on('close', () => {
    if (record.outcome === 'open') record.outcome = response.writableFinished ? 'sent' : 'cancelled';
  });

  const model = typeof body?.['model'] === 'string' ? body['model'] : '';
  const behaviour: Behaviour = {
    ...simulation.models[model],
    ...simulation.script.shift(),
    ...parse(String(headers['x-simulate'] ?? '')),
  };
  const api = apis.find(({ path: pattern }) => pattern.test(path.replace(/\?.*$/, '')));
  const refuse = (status: number, message: string | undefined, param?: string): void => {
    record.status = status;
    const refusal = { ...(message === undefined ? {} : { message }), ...(param === undefined ? {} : { param }) };
    const wait = behaviour.retryAfterMs;
    const retry =
      wait === undefined ? {} : { 'retry-after': String(Math.ceil(wait / 1000)), 'retry-after-ms': String(wait) };
    const own = api?.headers(number) ?? {};
    response.writeHead(status, { 'content-type': 'application/json', ...own, ...retry, ...behaviour.headers });
    response.end(JSON.stringify((api ?? openai).error(status, refusal, number)));
  };

  if (behaviour.delayMs !== undefined) await sleep(behaviour.delayMs);
  if (api === undefined || method !== 'POST') return refuse(404, `Invalid URL (${method} ${path})`);
  if (!api.keyHeaders.some((name) => headers[name] !== undefined)) return refuse(401, 'No API key provided.');
  if (body === undefined) return refuse(400, 'The body is not a JSON object.');
  const refusal = api.refuse(body);
  if (refusal !== undefined) return refuse(refusal.status, refusal.message, refusal.param);
  const failure = failsNow(behaviour, Number(headers['x-stainless-retry-count'] ?? 0));
  if (failure !== undefined) return refuse(failure, behaviour.message);
  record.status = 200;
  const reply = api.answer({ body, behaviour, number, model });
  return send(reply, { api, behaviour, number, record, response });
}

interface Sending {
  readonly api: Api;
  readonly behaviour: Behaviour;
  readonly number: number;
  readonly record: RecordedRequest;
  readonly response: ServerResponse;
}

async function send(reply: Reply, { api, behaviour, number, record, response }: Sending): Promise<void> {
  const type = reply.kind === 'json' ? 'application/json' : 'text/event-stream; charset=utf-8';
  response.writeHead(200, { 'content-type': type, ...api.headers(number), ...behaviour.headers });
  if (reply.kind === 'json') {
    response.end(JSON.stringify(reply.body));
    return;
  }
  response.flushHeaders();
  const broken = behaviour.errorAfter;
  const events = broken === undefined ? reply.events : [...reply.events.slice(0, broken), api.errorEvent(number)];
  for (const event of events) {
    if (record.events === behaviour.cutAfter) return cut(record, response);
    if (record.events > 0 && behaviour.chunkDelayMs !== undefined) await sleep(behaviour.chunkDelayMs);
    if (response.destroyed) return;
    // The event must have left before the next one is sent or the socket is destroyed.
    await new Promise<void>((resolve) => response.write(event, () => resolve()));
    record.events++;
  }
  response.end();
}

function cut(record: RecordedRequest, response: ServerResponse): void {
  record.outcome = 'cut';
  response.destroy();
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Export requests as a company's applications send them: 512 spans of 4 services, 30 % of them LLM calls with 20 attributes
 * (a quarter with prompt and answer of 2 KB each), the others of web servers and databases with 12. About 480 KB.
 */
import { frames } from '../../../processor/otlp/frames.ts';
import { encodeProtobuf, tokens, type TestAttribute, type TestSpan } from '../../support/otlp.ts';

export const SPANS = 512;
const RESOURCES = 4;
const GENAI = 0.3;
const words = 'the budget of a customer is what the feature costs when every token is counted once and no more '.split(
  ' ',
);

/** The same numbers each time. */
function numbers(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface PayloadOptions {
  /** Share of spans that are LLM calls. */
  readonly genAi?: number;
}

/** The `n`th request; all of them differ. */
export function payload(n: number, { genAi = GENAI }: PayloadOptions = {}): Buffer {
  const random = numbers(n + 1);
  const hex = (digits: number): string =>
    Array.from({ length: digits / 4 }, () =>
      Math.floor(random() * 65_536)
        .toString(16)
        .padStart(4, '0'),
    ).join('');
  const text = (length: number): string => {
    let out = '';
    while (out.length < length) out += `${words[Math.floor(random() * words.length)]} `;
    return out.slice(0, length);
  };
  const times = (): Pick<TestSpan, 'start' | 'end'> => {
    // Within ten seconds, and each request a second after the one before, as they come out of applications.
    const start = 1_790_000_000_000_000_000n + BigInt(n) * 1_000_000_000n + BigInt(Math.floor(random() * 1e7)) * 1_000n;
    return { start, end: start + BigInt(Math.floor(random() * 4e9)) };
  };
  const span = (index: number): TestSpan => ({
    traceId: hex(32),
    spanId: hex(16),
    parentSpanId: hex(16),
    name: random() < genAi ? 'chat gpt-4o-mini' : 'GET /api/v1/orders/{id}',
    kind: 3,
    ...times(),
    ...(index % 16 === 0 ? { events: ['exception'] } : {}),
  });
  const withAttributes = (bare: TestSpan): TestSpan =>
    bare.name === 'chat gpt-4o-mini'
      ? { ...bare, attributes: call(random, hex, text) }
      : { ...bare, attributes: web(random, hex) };
  return Buffer.concat(
    Array.from({ length: RESOURCES }, (_, service) =>
      encodeProtobuf({
        resource: resource(service, hex),
        scopes: [
          {
            name: '@opentelemetry/instrumentation-http',
            version: '0.301.0',
            spans: Array.from({ length: SPANS / RESOURCES }, (__, index) => withAttributes(span(index))),
          },
        ],
      }),
    ),
  );
}

type Random = () => number;
type Hex = (digits: number) => string;

function call(random: Random, hex: Hex, text: (length: number) => string): TestAttribute[] {
  const input = Math.floor(random() * 4_000);
  const attributes: TestAttribute[] = [
    ['gen_ai.operation.name', 'chat'],
    ['gen_ai.provider.name', 'openai'],
    ['gen_ai.request.model', 'gpt-4o-mini'],
    ['gen_ai.response.model', random() < 0.5 ? 'gpt-4o-mini-2024-07-18' : 'gpt-4o-2024-08-06'],
    ['gen_ai.response.id', `chatcmpl-${hex(24)}`],
    ['gen_ai.request.temperature', { double: 0.2 }],
    ['gen_ai.request.max_tokens', tokens(1_024)],
    ['gen_ai.request.stream', true],
    ['gen_ai.response.finish_reasons', ['stop']],
    ['gen_ai.usage.input_tokens', tokens(input)],
    ['gen_ai.usage.cache_read.input_tokens', tokens(Math.floor(input / 3))],
    ['gen_ai.usage.output_tokens', tokens(Math.floor(random() * 900))],
    ['server.address', 'api.openai.com'],
    ['server.port', tokens(443)],
    ['customer_id', `customer-${Math.floor(random() * 500)}`],
    ['feature', `feature-${Math.floor(random() * 20)}`],
    ['user.id', `user-${Math.floor(random() * 5_000)}`],
    ['session.id', hex(16)],
    ['gen_ai.conversation.id', hex(16)],
    ['plan', 'pro'],
  ];
  if (random() < 0.25) attributes.push(['gen_ai.input.messages', text(2_000)], ['gen_ai.output.messages', text(2_000)]);
  return attributes;
}

function web(random: Random, hex: Hex): TestAttribute[] {
  return [
    ['http.request.method', 'GET'],
    ['url.full', `https://shop.example/api/v1/orders/${hex(8)}`],
    ['url.path', `/api/v1/orders/${hex(8)}`],
    ['url.scheme', 'https'],
    ['http.route', '/api/v1/orders/{id}'],
    ['http.response.status_code', tokens(200)],
    ['server.address', 'shop.example'],
    ['server.port', tokens(443)],
    ['client.address', `10.0.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`],
    ['user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0'],
    ['network.protocol.version', '1.1'],
    ['thread.id', tokens(Math.floor(random() * 64))],
  ];
}

function resource(service: number, hex: Hex): TestAttribute[] {
  return [
    ['service.name', `service-${service}`],
    ['service.version', '1.14.2'],
    ['service.instance.id', hex(32)],
    ['deployment.environment.name', 'production'],
    ['host.name', `host-${hex(8)}`],
    ['k8s.namespace.name', 'shop'],
    ['k8s.pod.name', `service-${service}-${hex(8)}`],
    ['telemetry.sdk.language', 'nodejs'],
    ['telemetry.sdk.name', 'opentelemetry'],
    ['telemetry.sdk.version', '2.12.1'],
  ];
}

/** Where the ids of spans and of provider answers stand, so that a payload can be sent again as other calls. */
export function idPlaces(body: Buffer): readonly number[] {
  const places: number[] = [];
  const below = (messages: readonly Uint8Array[], field: number): Uint8Array[] =>
    messages.flatMap((message) =>
      [...frames(message)].flatMap((part) => (part.field === field && part.payload ? [part.payload] : [])),
    );
  for (const span of below(below(below([body], 1), 2), 2))
    for (const { field, payload: bytes } of frames(span))
      if (field === 1 && bytes !== undefined) places.push(bytes.byteOffset - body.byteOffset);
  return places;
}

/** The same request with other trace ids. Changes the bytes in place. */
export function renumber(body: Buffer, places: readonly number[], n: number): Buffer {
  for (const place of places) body.writeUInt32BE(n, place);
  return body;
}

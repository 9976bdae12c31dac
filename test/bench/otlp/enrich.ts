/** One job for everybody: find the LLM calls, work out a cost from model and counts, set five attributes. */
import { create, fromBinary, toBinary, type Message } from '@bufbuild/protobuf';
import type { Additions, Span } from '../../../processor/otlp/index.ts';
import { traceReader } from '../../../processor/otlp/index.ts';
import { interest } from '../../../processor/stages/interest.ts';
import { requestDescriptor, requestType } from './schema.ts';

export type Enrich = (body: Buffer) => Uint8Array;

/** Dollars per token. Not a price of anybody: every side uses it. */
function costOf(model: string, input: number, cached: number, output: number): number {
  const rate = model.startsWith('gpt-4o-mini') ? 0.15e-6 : 2.5e-6;
  return (input - cached + cached / 2) * rate + output * rate * 4;
}

const KEYS = [
  'spanledger.cost.usd',
  'spanledger.cost.status',
  'spanledger.cost.source',
  'spanledger.price.id',
  'spanledger.price.version',
] as const;

function additions(model: string, cost: number): Additions {
  return {
    'spanledger.cost.usd': cost,
    'spanledger.cost.status': 'priced',
    'spanledger.cost.source': 'list',
    'spanledger.price.id': `openai/${model}@2024-10-01`,
    'spanledger.price.version': '2026.11.1',
  };
}

const read = traceReader(interest);

/** One pass, and what is added put in between. */
export const spliced: Enrich = (body) => {
  const request = read(body, 'protobuf');
  const added = new Map<Span, Additions>();
  for (const span of request.spans) {
    const { attributes } = span;
    if (!attributes.has('gen_ai.operation.name')) continue;
    const named = attributes.get('gen_ai.response.model');
    const model = typeof named === 'string' ? named : '';
    const count = (key: string): number => Number(attributes.get(key) ?? 0);
    const cost = costOf(
      model,
      count('gen_ai.usage.input_tokens'),
      count('gen_ai.usage.cache_read.input_tokens'),
      count('gen_ai.usage.output_tokens'),
    );
    added.set(span, additions(model, cost));
  }
  return request.splice(added);
};

interface Any {
  stringValue?: string;
  intValue?: unknown;
  doubleValue?: number;
}
interface Pair {
  key: string;
  value?: Any | null;
}
interface Decoded {
  resourceSpans: { scopeSpans: { spans: { attributes: Pair[] }[] }[] }[];
}

function enrichDecoded(
  request: Decoded,
  make: (key: string, value: string | number) => Pair,
  of: (pair: Pair | undefined) => unknown,
): void {
  for (const { scopeSpans } of request.resourceSpans)
    for (const { spans } of scopeSpans)
      for (const span of spans) {
        let isCall = false;
        let model: Pair | undefined;
        let input: Pair | undefined;
        let cached: Pair | undefined;
        let output: Pair | undefined;
        for (const pair of span.attributes) {
          if (pair.key === 'gen_ai.operation.name') isCall = true;
          else if (pair.key === 'gen_ai.response.model') model = pair;
          else if (pair.key === 'gen_ai.usage.input_tokens') input = pair;
          else if (pair.key === 'gen_ai.usage.cache_read.input_tokens') cached = pair;
          else if (pair.key === 'gen_ai.usage.output_tokens') output = pair;
        }
        if (!isCall) continue;
        const name = String(of(model));
        const cost = costOf(name, Number(of(input) ?? 0), Number(of(cached) ?? 0), Number(of(output) ?? 0));
        const added = additions(name, cost);
        const kept = span.attributes.filter(({ key }) => !Object.hasOwn(added, key));
        for (const key of KEYS) kept.push(make(key, added[key] ?? 0));
        span.attributes = kept;
      }
}

/** protobufjs 8: decoders and encoders made for these messages; unknown fields kept, as ours keeps them. */
export const protobufjs: Enrich = (body) => {
  const request = requestType.decode(body) as unknown as Decoded;
  enrichDecoded(
    request,
    (key, value) => ({ key, value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value } }),
    ({ value } = { key: '' }) => {
      // What is not set has the default of its type.
      if (value === undefined || value === null) return undefined;
      return Object.hasOwn(value, 'stringValue') ? value.stringValue : value.intValue;
    },
  );
  return requestType.encode(request).finish();
};

interface BufAny extends Any {
  value: { case: string; value: unknown };
}

/** @bufbuild/protobuf. */
export const bufbuild: Enrich = (body) => {
  const request = fromBinary(requestDescriptor, body);
  enrichDecoded(
    request as unknown as Decoded,
    (key, value) =>
      create(pairDescriptor, {
        key,
        value: create(anyDescriptor, {
          value: { case: typeof value === 'string' ? 'stringValue' : 'doubleValue', value },
        }),
      }) as unknown as Pair,
    (pair) => (pair?.value as BufAny | undefined)?.value.value,
  );
  return toBinary(requestDescriptor, request as Message);
};

const pairDescriptor = below(requestDescriptor, 'resource_spans', 'resource', 'attributes');
const anyDescriptor = below(pairDescriptor, 'value');

function below(from: typeof requestDescriptor, ...path: readonly string[]): typeof requestDescriptor {
  let at = from;
  for (const name of path) {
    const next = at.fields.find((field) => field.name === name)?.message;
    if (next === undefined) throw new Error(`no ${name}`);
    at = next;
  }
  return at;
}

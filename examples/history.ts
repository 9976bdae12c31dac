/**
 * Four weeks of an imaginary product: 9,000 calls of 12 customers on 4 plans. The same calls in every run; only their
 * dates move with the clock.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FemtoUsd } from '../pricing/money.ts';
import { costOf, type Model } from './rates.ts';

interface Feature {
  readonly feature: string;
  readonly team: string;
  readonly calls: number;
  readonly input: number;
  readonly output: number;
  readonly provider: 'openai' | 'anthropic';
  readonly model: Model;
  /** The dated name that the provider answered with. */
  readonly served: string;
  /** Above 1 the calls crowd towards today: a feature that grows. */
  readonly growth: number;
}

/** Name, team, calls, input and output tokens of each, model, the dated name that answers, growth. */
const table = [
  ['summarizer', 'content', 1000, 2800, 700, 'gpt-4o', 'gpt-4o-2024-08-06', 1],
  ['chatbot', 'support', 1000, 1200, 240, 'claude-sonnet-4-6', 'claude-sonnet-4-6', 2.5],
  ['email-generator', 'content', 1000, 640, 320, 'gpt-4o', 'gpt-4o-2024-08-06', 1.2],
  ['search', 'discovery', 1000, 4500, 1000, 'gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14', 0.9],
  ['classifier', 'discovery', 4000, 2500, 500, 'gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14', 1],
  ['admin', 'operations', 1000, 160, 40, 'gpt-4o', 'gpt-4o-2024-08-06', 1],
] as const;

export const features: readonly Feature[] = table.map(
  ([feature, team, calls, input, output, model, served, growth]) => ({
    feature,
    team,
    calls,
    input,
    output,
    model,
    served,
    growth,
    provider: model.startsWith('claude') ? 'anthropic' : 'openai',
  }),
);

/** `share` of the calls, in hundredths. */
const customers = [
  { customer: 'northgate-bank', plan: 'enterprise', share: 26 },
  { customer: 'blue-harbor', plan: 'pro', share: 14 },
  { customer: 'iron-mill', plan: 'pro', share: 11 },
  { customer: 'quiet-river', plan: 'pro', share: 9 },
  { customer: 'bright-desk', plan: 'starter', share: 7 },
  { customer: 'clear-books', plan: 'starter', share: 6 },
  { customer: 'swift-mail', plan: 'starter', share: 5 },
  { customer: 'pixel-garden', plan: 'free', share: 9 },
  { customer: 'tiny-notes', plan: 'free', share: 5 },
  { customer: 'mono-studio', plan: 'free', share: 4 },
  { customer: 'solo-sam', plan: 'free', share: 2 },
  { customer: 'hobby-hut', plan: 'free', share: 2 },
] as const;

export interface HistoryCall extends Feature {
  readonly traceId: string;
  readonly spanId: string;
  readonly customer: string;
  readonly plan: string;
  readonly startMs: number;
  readonly endMs: number;
}

const DAY_MS = 86_400_000;
const DAYS = 28;
/** Nothing is so fresh that the live calls that follow could be mistaken for it. */
const UNTIL_MS = 10 * 60_000;

/** All 9,000 calls, oldest first, the last ones ten minutes before `nowMs`. */
export function makeHistory(nowMs: number): readonly HistoryCall[] {
  const untilMs = nowMs - UNTIL_MS;
  const calls = features.flatMap((feature) =>
    Array.from({ length: feature.calls }, (_, at): HistoryCall => {
      // A hash is a random number that is the same on every machine, and an id as well.
      const hash = createHash('sha256').update(`spanledger demo ${feature.feature} ${at}`).digest();
      const age = 1 - (hash.readUInt32BE(24) / 2 ** 32) ** (1 / feature.growth);
      const { customer, plan } = customerAt(hash.readUInt32BE(28) % 100);
      const durationMs = 200 + feature.output * 3 + (hash[23] ?? 0);
      const endMs = untilMs - Math.floor(age * DAYS * DAY_MS);
      return {
        ...feature,
        traceId: hash.toString('hex', 0, 16),
        spanId: hash.toString('hex', 16, 24),
        customer,
        plan,
        startMs: endMs - durationMs,
        endMs,
      };
    }),
  );
  return calls.toSorted((a, b) => a.startMs - b.startMs);
}

/** What each feature must have cost, dearest first. */
export function expectedByFeature(): ReadonlyMap<string, FemtoUsd> {
  return new Map(
    features.map(({ feature, model, input, output, calls }) => [feature, costOf(model, input, output) * BigInt(calls)]),
  );
}

/** OTLP/JSON requests, compressed, as an exporter would send them. */
export function otlpRequests(calls: readonly HistoryCall[], size: number): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(calls.length / size) }, (_, at) => {
    const spans = calls.slice(at * size, (at + 1) * size).map(otlpSpan);
    const resource = {
      attributes: attributes({ 'service.name': 'demo', 'deployment.environment.name': 'production' }),
    };
    const scopeSpans = [{ scope: { name: 'demo-history', version: '1.0.0' }, spans }];
    return gzipSync(JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }));
  });
}

function otlpSpan(call: HistoryCall): unknown {
  return {
    traceId: call.traceId,
    spanId: call.spanId,
    name: `chat ${call.model}`,
    kind: 3,
    startTimeUnixNano: `${call.startMs}000000`,
    endTimeUnixNano: `${call.endMs}000000`,
    attributes: attributes({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': call.provider,
      'gen_ai.request.model': call.model,
      'gen_ai.response.model': call.served,
      'gen_ai.response.id': `demo-${call.spanId}`,
      'gen_ai.usage.input_tokens': call.input,
      'gen_ai.usage.output_tokens': call.output,
      'spanledger.customer_id': call.customer,
      'spanledger.plan': call.plan,
      'spanledger.feature': call.feature,
      'spanledger.team': call.team,
    }),
  };
}

/** OTLP/JSON writes 64-bit integers as strings. */
function attributes(values: Readonly<Record<string, string | number>>): readonly unknown[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}

function customerAt(hundredth: number): { readonly customer: string; readonly plan: string } {
  let left = hundredth;
  for (const customer of customers) {
    left -= customer.share;
    if (left < 0) return customer;
  }
  return customers[0];
}

// An application that traces itself: calls inside a span of its own, with tags; Anthropic's client adds native spans.
import Anthropic from '@anthropic-ai/sdk';
import { context, propagation, trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { withTags } from '../../../instrumentation/index.ts';

/** What http instrumentation does with every request. */
const traced = (url, init) => {
  const headers = new Headers(init?.headers);
  propagation.inject(context.active(), headers, { set: (to, key, value) => to.set(key, value) });
  return fetch(url, { ...init, headers });
};
const openai = new OpenAI({ apiKey: 'test', baseURL: `${process.env.PROVIDER}/v1`, fetch: traced });
const anthropic = new Anthropic({ apiKey: 'test', baseURL: process.env.PROVIDER });
const messages = [{ role: 'user', content: 'Tell me of the sea' }];
const tracer = trace.getTracer('shop');

await tracer.startActiveSpan('checkout', (span) =>
  withTags({ customer_id: 'acme' }, async () => {
    const headers = { 'x-simulate': '{"failures":1,"retryAfterMs":1}' };
    await openai.chat.completions.create({ model: 'gpt-4o', messages }, { headers });
    tracer.startSpan('between').end();
    for await (const _ of await openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true }));
    const ask = { model: 'claude-sonnet-4-6', max_tokens: 600, messages };
    await anthropic.messages.create(ask);
    for await (const _ of await anthropic.messages.create({ ...ask, stream: true }));
    await traced(`${process.env.PROVIDER}/own-service`);
    console.log(propagation.getActiveBaggage()?.getEntry('customer_id')?.value, trace.getActiveSpan() === span);
    span.end();
  }),
);
await globalThis.ownSdk.shutdown();

// What a client library that sends with fetch looks like from below: attempts of one call.
import { asLogicalCall } from '../../../instrumentation/claim.ts';

const url = `${process.env.PROVIDER}/v1/chat/completions`;
const send = (behaviour) =>
  fetch(url, {
    method: 'POST',
    headers: { authorization: 'Bearer test', 'x-simulate': JSON.stringify(behaviour) },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] }),
  });
const retried = await asLogicalCall('mistral_ai', async () => {
  await send({ status: 503 });
  return send({});
});
await retried.json();
await asLogicalCall('mistral_ai', async () => {
  await send({ status: 503 });
  const last = await send({ status: 503 });
  throw new Error(`gave up on ${last.status}`);
}).catch((error) => console.log(error.message));
await asLogicalCall('mistral_ai', () =>
  fetch('http://127.0.0.1:1/v1/chat/completions', { method: 'POST', body: '{"model":"m"}' }),
).catch((error) => console.log(error.message));

// A long stream, a long answer without a parent, and a short call.
import { chat, client } from './client.mjs';
import { withTags } from '../../../instrumentation/index.ts';

const slowly = { headers: { 'x-simulate': '{"chunkDelayMs":250}' } };
await withTags({ customer_id: 'acme' }, async () => {
  for await (const _ of await client.chat.completions.create({ ...chat, stream: true, max_tokens: 50 }, slowly));
});
await client.chat.completions.create(chat);

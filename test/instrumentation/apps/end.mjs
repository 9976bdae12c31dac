// One call that is over, another that is on its way, and then the end as told.
import { chat, client } from './client.mjs';

const how = process.argv[2];
await client.chat.completions.create(chat);
if (how === 'exit') process.exit(3);
if (how === 'reject') void Promise.reject(new Error('mine'));
if (how === 'wait') setInterval(() => {}, 1000);
if (how === 'exit-open') {
  setTimeout(() => process.exit(3), 100);
  await client.chat.completions.create(chat, { headers: { 'x-simulate': '{"delayMs":5000}' } });
}
if (how === 'throw') throw new Error('mine');
if (how.startsWith('SIG')) {
  const [signal, once] = how.split('-');
  if (once !== undefined)
    process.once(signal, () => {
      setTimeout(() => process.exit(7), 200);
    });
  const stream = await client.chat.completions.create(
    { ...chat, stream: true },
    { headers: { 'x-simulate': '{"chunkDelayMs":1000}' } },
  );
  setTimeout(() => process.kill(process.pid, signal), 20);
  for await (const _ of stream);
}

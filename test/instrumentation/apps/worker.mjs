import { isMainThread, Worker } from 'node:worker_threads';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.on('error', (error) => console.log(error));
} else {
  const { chat, client } = await import('./client.mjs');
  await client.chat.completions.create(chat);
}

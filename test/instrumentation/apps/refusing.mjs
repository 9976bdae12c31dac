import { chat, client } from './client.mjs';

const seen = [];
for (let i = 0; i < 2; i++) {
  let chunks = 0;
  for await (const _ of await client.chat.completions.create({ ...chat, stream: true })) chunks++;
  seen.push(chunks > 0 ? 'chunks' : 'nothing');
}
console.log(JSON.stringify(seen));

import { chat, client } from './client.mjs';

let answers = 0;
for (let i = 0; i < 20; i++) if ((await client.chat.completions.create(chat)).choices.length === 1) answers++;
console.log(`${answers} answers`);

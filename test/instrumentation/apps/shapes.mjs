// Every way in which an application may hold a call, one after another, each under its own task_id. Prints what the
// application saw as JSON, so that runs with and without the preload can be compared word for word.
//   node shapes.mjs <openai|openai6|anthropic> <esm|cjs>
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { withTags } from '../../../instrumentation/index.ts';
import { anthropicShapes } from './anthropic-shapes.mjs';
import { openaiShapes } from './openai-shapes.mjs';

const [library, load] = process.argv.slice(2);
const name = library === 'anthropic' ? '@anthropic-ai/sdk' : library;
const module = load === 'cjs' ? createRequire(import.meta.url)(name) : await import(name);
const shapes = library === 'anthropic' ? anthropicShapes(module) : openaiShapes(module);

const results = {};
for (const [shape, run] of Object.entries(shapes)) {
  try {
    results[shape] = { value: await withTags({ task_id: shape }, run) };
  } catch (error) {
    const { constructor, message, status, code, type } = error;
    results[shape] = { error: { name: constructor.name, message, status, code, type } };
  }
}
// What nobody reads any more is garbage now.
for (let i = 0; i < 5; i++) {
  globalThis.gc();
  await sleep(5);
}
console.log(JSON.stringify(results));

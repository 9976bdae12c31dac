// What every application here begins with: the provider simulator by the names of real hosts, and one task for each shape.
import dns from 'node:dns';

const { withTags } = await import(process.env.SPANLEDGER);
const { lookup } = dns;
const known = /(openai|anthropic|azure|huggingface)\.(com|co)$/;
dns.lookup = (host, ...rest) => lookup(known.test(host) ? '127.0.0.1' : host, ...rest);
const { port } = new URL(process.env.PROVIDER);
export const at = (host, path) => `http://${host}:${port}${path}`;
export const messages = [{ role: 'user', content: 'Tell me of the sea' }];

/** Runs every shape under its own task_id; prints what it gave, or its error. */
export async function run(shapes) {
  const results = {};
  for (const [shape, work] of Object.entries(shapes)) {
    try {
      results[shape] = await withTags({ task_id: shape }, work);
    } catch (error) {
      results[shape] = `${error.constructor.name}: ${error.message}`;
    }
  }
  console.log(JSON.stringify(results));
}
export const all = async (stream) => {
  let seen = 0;
  for await (const _ of stream) seen++;
  return seen > 0;
};

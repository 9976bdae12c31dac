/**
 * Sends a figure to a processor, its dates moved so that the newest span ends with the last full day (UTC): sending it
 * again on the same day sends the same bytes.
 *
 *   node examples/figures/post.ts 3                          to http://localhost:4318
 *   node examples/figures/post.ts 3 http://localhost:14318   to another processor
 *   node examples/figures/post.ts 3 --print > 3.json         for curl: -H 'content-type: application/json' -d @3.json
 */
import { readdirSync, readFileSync } from 'node:fs';

const DAY_NS = 86_400_000_000_000n;
const instant = /"(start|end)TimeUnixNano": "(\d+)"/g;

/**
 * The OTLP/JSON request of figure `number`, as of `nowMs`.
 *
 * @example figure('3', Date.now()) // '{"resourceSpans": …'
 */
export function figure(number: string, nowMs: number): string {
  const text = readFileSync(new URL(`${number}.json`, import.meta.url), 'utf8');
  const nanos = Array.from(text.matchAll(instant), ([, , digits]) => BigInt(digits ?? 0));
  const newest = nanos.reduce((latest, nano) => (nano > latest ? nano : latest), 0n);
  const today = ((BigInt(nowMs) * 1_000_000n) / DAY_NS) * DAY_NS;
  return text.replace(
    instant,
    (_, edge: string, digits: string) => `"${edge}TimeUnixNano": "${BigInt(digits) + today - newest}"`,
  );
}

if (import.meta.main) {
  const [number = '', to = 'http://localhost:4318'] = process.argv.slice(2);
  const known = readdirSync(import.meta.dirname).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : []));
  if (!known.includes(number)) {
    console.error(`there is no figure "${number}": ${known.join(', ')}`);
    process.exit(2);
  }
  const body = figure(number, Date.now());
  if (to === '--print') process.stdout.write(body);
  else await send(to, body);
}

async function send(to: string, body: string): Promise<void> {
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${to}/v1/traces`, { method: 'POST', headers, body });
    console.log(answer.status, await answer.text());
    process.exitCode = answer.ok ? 0 : 1;
  } catch {
    console.error(`nothing answers at ${to}; start a processor with "npx spanledger serve"`);
    process.exitCode = 1;
  }
}

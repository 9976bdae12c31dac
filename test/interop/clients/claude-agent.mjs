// The Claude Agent SDK with a program in place of Claude Code: it says of two turns what Claude Code says, with totals that
// run on.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { query } from '@anthropic-ai/claude-agent-sdk';
import { run } from './start.mjs';

const program = join(process.cwd(), 'claude-code.mjs');
writeFileSync(
  program,
  `import { createInterface } from 'node:readline';
const say = (message) => process.stdout.write(JSON.stringify({ session_id: 's', uuid: String(Math.random()), ...message }) + '\\n');
const totals = (n) => ({
  inputTokens: 10 * n, outputTokens: 7 * n, thinkingTokens: 2 * n, cacheReadInputTokens: 100 * n,
  cacheCreationInputTokens: 20 * n, cacheCreationEphemeral1hInputTokens: 5 * n, webSearchRequests: n - 1, costUSD: 0.01 * n });
let turn = 0;
createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.type === 'control_request')
    say({ type: 'control_response', response: { subtype: 'success', request_id: message.request_id, response: {} } });
  if (message.type !== 'user') return;
  turn++;
  const usage = { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 };
  const content = [{ type: 'text', text: 'hi' }];
  say({ type: 'assistant', parent_tool_use_id: null, message: { id: 'm' + turn, model: 'claude-sonnet-4-5', content, usage } });
  if (process.env.SILENT === '1') return setTimeout(() => process.exit(0), 50);
  say({ type: 'result', subtype: 'success', is_error: false, num_turns: 1, result: 'hi', total_cost_usd: 0.01 * turn,
    usage, permission_denials: [],
    modelUsage: { 'claude-sonnet-4-5[1m]': totals(turn), ...(turn > 1 ? { 'claude-haiku-4-5': totals(1) } : {}) } });
}).on('close', () => process.exit(0));
`,
);
const user = (text) => ({
  type: 'user',
  session_id: '',
  parent_tool_use_id: null,
  message: { role: 'user', content: text },
});
async function types(prompt, options) {
  const seen = [];
  const session = query({ prompt, options: { pathToClaudeCodeExecutable: program, executable: 'node', ...options } });
  for await (const { type } of session) seen.push(type);
  return seen;
}
await run({
  one: () => types('hello', {}),
  two: () =>
    types(
      (async function* () {
        yield user('hello');
        yield user('again');
      })(),
      {},
    ),
  tellsItself: () => types('hello', { env: { ...process.env, CLAUDE_CODE_ENABLE_TELEMETRY: '1' } }),
  noResult: () => types('hello', { env: { ...process.env, SILENT: '1' } }),
});

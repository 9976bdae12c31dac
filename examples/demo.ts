/**
 * The demo: `npm run demo`. A processor, an application with real client libraries and a simulated provider, all on this
 * machine: neither keys nor a network are needed, and a processor that runs already is left alone. What happens is in
 * play.ts; any difference between what is reported and what was expected is exit code 1. With `--once` it ends then,
 * otherwise it stays up until Ctrl-C. `--otlp PORT` and `--api PORT` say where the processor listens (free ports otherwise),
 * `--forward URL` where it sends spans on to: dashboards/compose.yaml puts it among other programs.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startProvider } from '../test/support/provider.ts';
import { processorApi } from './api.ts';
import { budgetsYaml } from './notices.ts';
import { play } from './play.ts';
import { startChild, type Child } from './processes.ts';
import { startProcessor } from './processor.ts';
import { startWebhook } from './webhook.ts';

const root = resolve(import.meta.dirname, '..');
const options = readOptions();
const stayUp = !options.once;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
/** Undone in reverse, whatever happens. */
const undo: (() => Promise<unknown>)[] = [];
let ended = false;

try {
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.exitCode = await Promise.race([demo(), interrupted.then(() => (stayUp ? 0 : 130))]);
} catch (error) {
  process.stderr.write(`the demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  ended = true;
  for (const step of undo.toReversed()) await step().catch(() => {});
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        otlp: { type: 'string', default: '0' },
        api: { type: 'string', default: '0' },
        forward: { type: 'string' },
      },
    }).values;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${why}\nusage: npm run demo -- [--once] [--otlp PORT] [--api PORT] [--forward URL]\n`);
    return process.exit(2);
  }
}

/** Starts something that will be stopped, even if the demo is interrupted while it starts. */
async function started<Running extends { stop(): Promise<void> }>(start: () => Promise<Running>): Promise<Running> {
  if (ended) throw new Error('interrupted');
  const starting = start();
  undo.push(async () => (await starting).stop());
  return starting;
}

async function demo(): Promise<number> {
  if (!existsSync(join(root, 'dist/instrumentation/preload.cjs')))
    throw new Error('the preload is not built; run "npm run build" first');
  const folder = await mkdtemp(join(tmpdir(), 'spanledger-demo-'));
  undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const webhook = await started(startWebhook);
  const provider = await started(() => startProvider());
  await writeFile(join(folder, 'budgets.yaml'), budgetsYaml(webhook.url));
  const processor = await started(() => startProcessor(folder, options));
  say(`processor    ${processor.otlpUrl}, with a ledger of its own in ${folder}`);
  const application = await started(() => startApplication(provider.url, processor));
  const appUrl = application.match[1] ?? '';
  say(`application  ${appUrl}, Express with openai and @anthropic-ai/sdk, its models simulated`);

  const api = processorApi(processor.apiUrl);
  const stage = { provider, webhook, appUrl, api, otlpUrl: processor.otlpUrl };
  const problems = await Promise.race([play(stage, say), processor.died, application.died]);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (!stayUp || problems.length > 0) return problems.length === 0 ? 0 : 1;
  say(`\npage         ${processor.apiUrl}/`);
  say(
    `a call       curl -H 'content-type: application/json' -H 'x-customer-id: you' -d '{"text":"Hi"}' ${appUrl}/summaries`,
  );
  say('Ctrl-C ends the demo and removes its ledger.');
  return Promise.race([processor.died, application.died]);
}

/** The application with the preload, its clients led to the simulated provider. */
async function startApplication(
  providerUrl: string,
  { otlpUrl, apiUrl }: { readonly otlpUrl: string; readonly apiUrl: string },
): Promise<Child> {
  return startChild({
    name: 'the application',
    args: ['--require', 'spanledger/instrumentation', 'examples/app/app.ts'],
    cwd: root,
    env: {
      PORT: '0',
      OPENAI_API_KEY: 'not-needed',
      OPENAI_BASE_URL: `${providerUrl}/v1`,
      ANTHROPIC_API_KEY: 'not-needed',
      ANTHROPIC_BASE_URL: providerUrl,
      OTEL_SERVICE_NAME: 'demo-app',
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
      SPANLEDGER_API_ENDPOINT: apiUrl,
      SPANLEDGER_GUARD: 'cap',
      // The budget's notices are told apart by call, so spans may not wait for each other.
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
    ready: /listening on (\S+)/,
  });
}

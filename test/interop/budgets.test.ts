/** Budgets of a processor that is killed, told to read its file again, and doubled. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startReceiver, type Receiver } from '../processor/budgets/support.ts';
import { chatSpan, encodeJson, request } from '../support/otlp.ts';
import { alertmanagerBinary, startAlertmanager } from './support/alertmanager.ts';

const bin = join(import.meta.dirname, '../../processor/bin.cjs');

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly errors: () => string;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-budgets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(cwd: string): Promise<Served> {
  const any = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0' };
  const child = spawn(process.execPath, [bin, 'serve'], { cwd, env: { PATH: process.env['PATH'], ...any } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [said, errors] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  for (;;) {
    const [chunk] = (await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'close').then(() => Promise.reject(new Error(`it ended: ${errors}`))),
    ])) as [Buffer];
    said += chunk.toString();
    const [, port] = /OTLP :(\d+)/.exec(said) ?? [];
    if (port === undefined) continue;
    child.stdout.resume();
    return { child, url: `http://127.0.0.1:${port}`, errors: () => errors };
  }
}

/** Calls of $0.004 that start now. */
async function send(url: string, ...numbers: readonly number[]): Promise<void> {
  const start = BigInt(Date.now()) * 1_000_000n;
  const spans = numbers.map((n) =>
    Object.assign({}, chatSpan(n, { 'spanledger.customer_id': 'acme' }), { start, end: start + 1n }),
  );
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: encodeJson(request(...spans)),
  });
  expect(response.status).toBe(200);
}

const write = (cwd: string, amount: string, notify: string): void =>
  writeFileSync(
    join(cwd, 'budgets.yaml'),
    `groups:
  - name: test
    rules:
      - { budget: per-customer, by: [customer_id], amount: ${amount}, period: year, preset: 70-90-110 }
notify: ${notify}
`,
  );

const told = (receiver: Receiver): string[] =>
  receiver.alerts.map(({ labels, status }) => `${labels['threshold']} ${status}`);

test('killed in the middle of a period it tells nothing twice; SIGHUP changes all of the file or nothing', async () => {
  const cwd = newFolder();
  const receiver = await startReceiver();
  onTestFinished(() => receiver.stop());
  const notify = `{ webhook: { url: '${receiver.url.href}' } }`;
  write(cwd, '0.02 USD', notify);
  const first = await serve(cwd);
  await send(first.url, 1, 2, 3, 4);
  await vi.waitFor(() => expect(told(receiver)).toEqual(['70% firing']), 15_000);
  first.child.kill('SIGKILL');
  await once(first.child, 'close');

  const second = await serve(cwd);
  await send(second.url, 5);
  await vi.waitFor(() => expect(told(receiver)).toEqual(['70% firing', '90% firing']), 15_000);

  write(cwd, '5', notify);
  second.child.kill('SIGHUP');
  await vi.waitFor(() => expect(second.errors()).toMatch(/budgets.yaml:4:60: amount: .*has no unit/), 15_000);
  await send(second.url, 6);
  await vi.waitFor(() => expect(told(receiver).slice(2)).toEqual(['110% firing']), 15_000);

  write(cwd, '1 USD', notify);
  second.child.kill('SIGHUP');
  await vi.waitFor(
    () => expect(told(receiver).slice(3).toSorted()).toEqual(['110% resolved', '70% resolved', '90% resolved']),
    15_000,
  );
  second.child.kill('SIGTERM');
  await once(second.child, 'close');
});

const binary = alertmanagerBinary();
if (binary === undefined) process.stderr.write('SKIPPED: no Alertmanager on this machine for two processors to tell\n');

test.skipIf(binary === undefined)('two processors that see the same calls are one alert in Alertmanager', async () => {
  const receiver = await startReceiver();
  const alertmanager = await startAlertmanager(binary ?? '', receiver.url);
  onTestFinished(async () => {
    await alertmanager.stop();
    await receiver.stop();
  });
  const both = await Promise.all(
    [newFolder(), newFolder()].map(async (cwd) => {
      write(cwd, '0.02 USD', `{ alertmanager: { url: '${alertmanager.url.href}' } }`);
      const served = await serve(cwd);
      await send(served.url, 1, 2, 3, 4, 5);
      return served;
    }),
  );
  await vi.waitFor(async () => expect(await alertmanager.alerts()).toHaveLength(2), 15_000);
  await vi.waitFor(() => expect(told(receiver).toSorted()).toEqual(['70% firing', '90% firing']), 15_000);
  // Time enough for the second to be told, if it were another one.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(told(receiver)).toHaveLength(2);
  for (const { child } of both) {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
});

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

const names = ['alertmanager', 'prometheus-alertmanager'];

/** The name of an Alertmanager on this machine; undefined if there is none. */
export function alertmanagerBinary(): string | undefined {
  return names.find((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  });
}

export interface Alertmanager {
  readonly url: URL;
  /** Its alerts as its API tells them. */
  alerts(): Promise<readonly AlertmanagerAlert[]>;
  api(path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export interface AlertmanagerAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly fingerprint: string;
  readonly status: { readonly state: string; readonly silencedBy: readonly string[] };
}

/** Starts a real one, that tells `webhook` of groups by budget at once. */
export async function startAlertmanager(binary: string, webhook: URL): Promise<Alertmanager> {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-am-'));
  const config = join(folder, 'alertmanager.yml');
  writeFileSync(
    config,
    `route: { receiver: test, group_by: [budget], group_wait: 500ms, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: test, webhook_configs: [{ url: '${webhook.href}', send_resolved: true }] }]
`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    '--config.file',
    config,
    '--storage.path',
    folder,
    '--web.listen-address',
    address,
    '--cluster.listen-address=',
  ];
  const child = spawn(binary, args, { stdio: 'pipe' });
  const url = new URL(`http://${address}`);
  const api = async (path: string, body?: unknown): Promise<unknown> => {
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(new URL(path, url), body === undefined ? {} : post);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  await ready(child, url);
  return {
    url,
    api,
    alerts: async () => (await api('/api/v2/alerts')) as readonly AlertmanagerAlert[],
    async stop() {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess, url: URL): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`Alertmanager exited with ${child.exitCode}`);
    try {
      if ((await fetch(new URL('/-/ready', url))).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Alertmanager is not ready after 10 s');
}

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A Collector release and the matching line of its stable modules. */
const VERSION = 'v0.140.0';
const STABLE = 'v1.46.0';
const collector = 'go.opentelemetry.io/collector';
const contrib = 'github.com/open-telemetry/opentelemetry-collector-contrib';
const manifest = `
dist: { name: otelcol, output_path: ./out }
receivers: [{ gomod: ${collector}/receiver/otlpreceiver ${VERSION} }]
processors:
  - { gomod: ${collector}/processor/batchprocessor ${VERSION} }
  - { gomod: ${collector}/processor/memorylimiterprocessor ${VERSION} }
  - { gomod: ${contrib}/processor/attributesprocessor ${VERSION} }
exporters: [{ gomod: ${collector}/exporter/otlphttpexporter ${VERSION} }]
extensions: [{ gomod: ${contrib}/extension/storage/filestorage ${VERSION} }]
providers:
  - { gomod: ${collector}/confmap/provider/envprovider ${STABLE} }
  - { gomod: ${collector}/confmap/provider/fileprovider ${STABLE} }
`;

/** One build for each manifest. */
const digest = createHash('sha256').update(manifest).digest('hex').slice(0, 8);
const cache = join(homedir(), '.cache', 'spanledger', `otelcol-${VERSION}-${digest}`);
export const binary = join(cache, 'otelcol');

/** Why no Collector can be had here; undefined when one is there or can be built. */
export function missingCollector(): string | undefined {
  if (existsSync(binary)) return undefined;
  try {
    const version = /go(\d+)\.(\d+)/.exec(execFileSync('go', ['version'], { encoding: 'utf8' }));
    if (Number(version?.[1]) * 100 + Number(version?.[2]) >= 124) return undefined;
    return `Go ${version?.[0]} is too old to build a Collector, 1.24 is needed`;
  } catch {
    return 'no Go (1.24 or later) on the PATH to build a Collector with';
  }
}

/** Builds a real Collector with its own builder, once; kept between runs. */
export function buildCollector(): void {
  if (existsSync(binary)) return;
  const work = `${cache}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'builder.yaml'), manifest);
  const run = ['run', `${collector}/cmd/builder@${VERSION}`, '--config', 'builder.yaml'];
  execFileSync('go', run, { cwd: work, stdio: 'pipe' });
  mkdirSync(cache, { recursive: true });
  renameSync(join(work, 'out', 'otelcol'), binary);
  rmSync(work, { recursive: true, force: true });
}

/** Starts it on configurations that are merged in order, and resolves once it says that it is ready. */
export async function startCollector(configs: readonly string[], env: Record<string, string>): Promise<ChildProcess> {
  const args = configs.flatMap((config) => ['--config', config]);
  const child = spawn(binary, args, { env: { ...process.env, ...env } });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Everything is ready')) resolve();
    });
    child.on('exit', (code) => reject(new Error(`the Collector exited with ${code}:\n${said.slice(-2000)}`)));
  });
  return child;
}

/** What makes otel-collector.yaml use other ports: this machine's own Collector may be running. Answers the file's path. */
export function onPorts(
  folder: string,
  { apps, enriched, processor }: Record<'apps' | 'enriched' | 'processor', number>,
): string {
  const path = join(folder, 'ports.yaml');
  writeFileSync(
    path,
    `receivers:
  otlp/apps: { protocols: { http: { endpoint: '127.0.0.1:${apps}' }, grpc: { endpoint: '127.0.0.1:0' } } }
  otlp/enriched: { protocols: { http: { endpoint: '127.0.0.1:${enriched}' } } }
exporters:
  otlphttp/spanledger: { endpoint: 'http://127.0.0.1:${processor}' }
service: { telemetry: { metrics: { level: none } } }
`,
  );
  return path;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

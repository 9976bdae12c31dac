/** HTTPS and mutual TLS on both OTLP listeners. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { expect, it, onTestFinished } from 'vitest';
import { accessBy } from '../../../processor/access.ts';
import { createCounters } from '../../../processor/metrics.ts';
import type { Intake } from '../../../processor/receivers/intake.ts';
import { startOtlpGrpc } from '../../../processor/receivers/otlp-grpc.ts';
import { startOtlpHttp } from '../../../processor/receivers/otlp-http.ts';
import type { ServerTls } from '../../../processor/receivers/tls.ts';
import { exportTo } from '../../support/grpc.ts';

const folder = join(import.meta.dirname, '../../fixtures/tls');
const pem = (name: string): string => readFileSync(join(folder, name), 'utf8');
const ca = pem('ca.pem');
const plain: ServerTls = { cert: pem('server.pem'), key: pem('server.key') };
const mutual: ServerTls = { ...plain, clientCa: ca };
const client = { cert: pem('client.pem'), key: pem('client.key') };

function options(tls: ServerTls): Parameters<typeof startOtlpHttp>[0] {
  const take = async (): Promise<object> => ({});
  const intake: Intake = { traces: take, logs: take, metrics: take };
  const address = { host: '127.0.0.1', port: 0 };
  return { address, intake, access: accessBy([], true), counters: createCounters(), onError: () => undefined, tls };
}

async function http(tls: ServerTls, trust: object): Promise<number | string> {
  const receiver = await startOtlpHttp(options(tls));
  onTestFinished(() => receiver.stop());
  expect(receiver.url).toMatch(/^https:/);
  const agent = new Agent(trust);
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve) => {
    request(`${receiver.url}/v1/traces`, { method: 'POST', headers, agent }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      .end('{}');
  });
}

async function grpc(tls: ServerTls, trust: ReturnType<typeof credentials.createSsl>): Promise<number> {
  const receiver = await startOtlpGrpc(options(tls));
  onTestFinished(() => receiver.stop());
  return (await exportTo(receiver.url, Buffer.alloc(0), { credentials: trust, deadlineMs: 3_000 })).code;
}

it('OTLP/HTTP over TLS: who trusts the authority gets through, who does not breaks off', async () => {
  expect(await http(plain, { ca })).toBe(200);
  expect(await http(plain, {})).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
});

it('OTLP/HTTP over mutual TLS: nobody without a certificate', async () => {
  expect(await http(mutual, { ca, ...client })).toBe(200);
  expect(await http(mutual, { ca })).toMatch(/ECONNRESET|CERTIFICATE_REQUIRED|EPIPE/);
});

it('OTLP/gRPC over TLS and mutual TLS', async () => {
  const bytes = Buffer.from(ca);
  expect(await grpc(plain, credentials.createSsl(bytes))).toBe(0);
  expect(await grpc(mutual, credentials.createSsl(bytes, Buffer.from(client.key), Buffer.from(client.cert)))).toBe(0);
  expect(await grpc(mutual, credentials.createSsl(bytes))).toBe(14);
});

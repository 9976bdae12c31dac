import { ServerCredentials } from '@grpc/grpc-js';
import type { ServerOptions } from 'node:https';

/** What a receiver shows its clients, and what it asks of them; all in PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Mutual TLS: only clients with a certificate of these authorities are let in. */
  readonly clientCa?: string | undefined;
}

export function httpsOptions({ cert, key, clientCa }: ServerTls): ServerOptions {
  const asked = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  return { cert, key, minVersion: 'TLSv1.2', ...asked };
}

export function grpcCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) };
  const ca = tls.clientCa === undefined ? null : Buffer.from(tls.clientCa);
  return ServerCredentials.createSsl(ca, [pair], ca !== null);
}

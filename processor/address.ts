import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import { isIP } from 'node:net';
import { SpanledgerError } from './errors.ts';

/** Where to listen. Port 0 takes any free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:4318`, `:4318` (loopback) or `4318` (loopback); undefined for anything else.
 *
 * @example parseAddress('0.0.0.0:4318') // { host: '0.0.0.0', port: 4318 }
 */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):)?(\d{1,5})$/.exec(text.trim());
  if (match === null) return undefined;
  const [, ipv6, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535 || (ipv6 !== undefined && isIP(ipv6) !== 6)) return undefined;
  return { host: ipv6 ?? (name === undefined || name === '' ? '127.0.0.1' : name), port };
}

export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export function formatAddress({ host, port }: Address): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** How long a request that has begun may take to finish once we are to close. */
const DRAIN_MS = 10_000;

export interface Listening {
  /** Of the host and port that were taken, without a slash at the end. */
  readonly url: string;
  /** Takes no new connections, gives what has begun ten seconds to finish, and closes. May be called any number of times. */
  close(): Promise<void>;
}

/**
 * Starts listening. Rejects with `address_in_use` when the port is taken or may not be taken; `what` names it for people.
 */
export async function listen(server: Server | TlsServer, address: Address, what: string): Promise<Listening> {
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw addressRefused(error, address, what);
  }
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  let closing: Promise<void> | undefined;
  return {
    url: `${server instanceof TlsServer ? 'https' : 'http'}://${formatAddress({ host: reachable(address.host), port })}`,
    close: () =>
      (closing ??= new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      })),
  };
}

/**
 * Rejects as `listen` does where that would fail now. For what must not be begun when a port is taken: the second of two
 * processors leaves no files behind.
 */
export async function requireFree(address: Address, what: string): Promise<void> {
  await (await listen(createServer(), address, what)).close();
}

/** Which setting an address stands in, by what listens there. */
const settings: Readonly<Record<string, string>> = { OTLP: 'listen.otlp', 'OTLP/gRPC': 'listen.grpc' };

export function addressRefused(error: unknown, address: Address, what: string): SpanledgerError {
  const code = codeOf(error);
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'something listens there already; stop it, or',
    EACCES: 'this user may not listen there;',
    EADDRNOTAVAIL: 'this machine has no such address;',
    ENOTFOUND: 'there is no such host;',
  };
  const setting = settings[what] ?? 'listen.api';
  return new SpanledgerError(
    'address_in_use',
    `${what}: can't listen on ${formatAddress(address)}: ${why[code] ?? `${code};`} set ${setting} in spanledger.yaml or ` +
      `SPANLEDGER_${setting.replace('.', '_').toUpperCase()} to another address`,
    { cause: error },
  );
}

/** "All addresses" is nothing that one can open. */
function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? 'localhost' : host;
}

/** gRPC's library has the code in its message only. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error) return String(error.code);
  return /\bE[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.message;
}

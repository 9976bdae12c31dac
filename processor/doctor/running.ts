import { once } from 'node:events';
import { connect } from 'node:net';
import { covers } from '../access.ts';
import { formatAddress, type Address } from '../address.ts';
import type { Config } from '../config.ts';
import type { Finding } from '../stores/finding.ts';

/** What is asked of `/api/v1/status`. */
interface Status {
  readonly version: string;
  readonly received: { readonly spans: number; readonly calls: number };
  readonly held_back: { readonly nested: number };
}

const PATIENCE_MS = 2_000;

/**
 * Whether a processor answers where the configuration has it, what it has been told, and what holds its ports if it does not.
 *
 * @example for await (const { check, state, detail } of inspectRunning(config)) console.log(check, state, detail);
 */
export async function* inspectRunning(config: Pick<Config, 'listen' | 'tokens'>): AsyncGenerator<Finding> {
  const { otlp, grpc, api } = config.listen;
  const status = await askStatus(config);
  if (status === undefined) yield await notRunning('page and API', api);
  else {
    yield { check: 'processor', state: 'ok', detail: `version ${status.version} answers at ${formatAddress(api)}` };
    yield told(status);
  }
  for (const [name, address] of [
    ['OTLP', otlp],
    ['OTLP/gRPC', grpc],
  ] as const) {
    if (address === undefined) continue;
    if (status === undefined) yield await notRunning(name, address);
    else if (!(await isTaken(address)))
      yield { check: name, state: 'failed', detail: `nothing listens on ${formatAddress(address)}` };
    else yield { check: name, state: 'ok', detail: `listens on ${formatAddress(address)}` };
  }
}

/** Undefined where no processor of ours answers. */
async function askStatus({ listen, tokens }: Pick<Config, 'listen' | 'tokens'>): Promise<Status | undefined> {
  const secret = tokens.find((token) => covers(token, 'read'))?.secret;
  try {
    const response = await fetch(`http://${formatAddress(listen.api)}/api/v1/status`, {
      headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body: unknown = await response.json();
    return isStatus(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && 'received' in body && 'held_back' in body && 'version' in body;
}

function told({ received, held_back }: Status): Finding {
  const { spans, calls } = received;
  const said = `${spans.toLocaleString('en-US')} spans with ${calls.toLocaleString('en-US')} calls since it started`;
  const { nested } = held_back;
  if (nested === 0) return { check: 'received', state: 'ok', detail: said };
  return {
    check: 'received',
    state: 'warning',
    detail:
      `${said}; ${nested.toLocaleString('en-US')} more told a call that another span tells, and were not charged: ` +
      'are there two instrumentations on one client, or a gateway that sends spans too?',
  };
}

async function notRunning(name: string, address: Address): Promise<Finding> {
  const where = formatAddress(address);
  return (await isTaken(address))
    ? { check: name, state: 'failed', detail: `something else listens on ${where}: stop it, or set another address` }
    : { check: name, state: 'ok', detail: `${where} is free; "spanledger serve" is not running` };
}

async function isTaken({ host, port }: Address): Promise<boolean> {
  const socket = connect({ host, port, timeout: PATIENCE_MS });
  // What comes after the answer is nobody's concern.
  socket.on('error', () => undefined);
  try {
    await Promise.race([
      once(socket, 'connect'),
      once(socket, 'timeout').then(() => Promise.reject(new Error('no answer'))),
    ]);
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

import { context } from '@opentelemetry/api';
import type { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Delivery } from './outbox.ts';
import { untraced } from './untraced.ts';

export type OtlpConfig = ReturnType<typeof convertLegacyHttpOptions>;

const compress = promisify(gzip);
/** The same body would be refused again. */
const final = new Set([400, 415, 422]);
/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const busy = new Set([429, 502, 503, 504]);

/**
 * Posts OTLP to the endpoint that the standard variables name. Not the library's own transport, because that one keeps the
 * process alive for its retries and says only that it gave up, not whether the batch may be tried again later.
 */
export async function post(body: Uint8Array, config: OtlpConfig): Promise<Delivery> {
  try {
    const gzipped = config.compression === 'gzip';
    const sent = gzipped ? await compress(body) : body;
    const headers = {
      ...(await config.headers()),
      'content-length': sent.length,
      ...(gzipped ? { 'content-encoding': 'gzip' } : {}),
    };
    const { status, retryAfter } = await context.with(untraced, () => exchange(sent, headers, config));
    if (status >= 200 && status < 300) return { status: 'delivered' };
    if (status === 413) return { status: 'too_large' };
    if (final.has(status)) return { status: 'refused', reason: `HTTP ${status}` };
    const seconds = Number(retryAfter);
    const wait = retryAfter !== undefined && seconds > 0 ? { afterMs: seconds * 1000 } : {};
    return { status: 'later', reason: `HTTP ${status}`, ...(busy.has(status) ? { busy: true } : {}), ...wait };
  } catch (error) {
    return { status: 'later', reason: reasonOf(error) };
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

async function exchange(
  body: Uint8Array,
  headers: Readonly<Record<string, string | number>>,
  config: OtlpConfig,
): Promise<Answer> {
  const url = new URL(config.url);
  const agent = await config.agentFactory(url.protocol);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { method: 'POST', headers, agent }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      });
    });
    const timer = setTimeout(() => {
      request.destroy(new Error(`no answer in ${config.timeoutMillis} ms`));
    }, config.timeoutMillis);
    timer.unref();
    // Delivery in the background must not keep the application alive.
    request.on('socket', (socket) => socket.unref());
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end(body);
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { readonly code?: unknown };
  // OpenSSL's messages have several lines.
  return typeof code === 'string' && error.message === '' ? code : error.message.trim().replaceAll(/\s+/g, ' ');
}

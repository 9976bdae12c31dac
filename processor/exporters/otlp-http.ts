import { promisify } from 'node:util';
import { constants, gzip, zstdCompress } from 'node:zlib';
import { HOP_HEADER } from '../hop.ts';
import { contentTypes, partialSuccess } from '../otlp/index.ts';
import type { Outcome, Parcel } from './exporter.ts';
import { poster, type Answer, type ClientTls, type PostLimits } from './post.ts';

export const compressions = ['none', 'gzip', 'zstd'] as const;
export type Compression = (typeof compressions)[number];

export interface OtlpHttpTarget {
  /** Base URL of an OTLP/HTTP backend; `/v1/traces` and so on are added. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** By default none on loopback, where it would only cost time, and gzip for every other host. */
  readonly compression?: Compression | undefined;
  readonly tls?: ClientTls | undefined;
}

export interface OtlpHttpSender {
  /** One attempt. Never rejects. */
  send(parcel: Parcel, limits: PostLimits): Promise<Outcome>;
  close(): void;
}

const zip = { gzip: promisify(gzip), zstd: promisify(zstdCompress) };
/** The lowest levels: the next ones cost thrice the time for a tenth of the size. */
const GZIP = { level: 1 };
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Passing troubles, and such as an operator will mend: a token that ran out, a path that is not there yet. */
const LATER: ReadonlySet<number> = new Set([429, 502, 503, 504, 401, 403, 404]);
const TOO_LARGE = 413;
/** A backend that asks for more patience than this is asked again all the same. */
const MAX_RETRY_AFTER_MS = 300_000;

/**
 * Sends requests to one OTLP/HTTP backend, in the encoding in which they came.
 *
 * @example await otlpHttpSender({ endpoint: 'http://localhost:4319', headers: {} }).send(parcel, { timeoutMs: 2_000 })
 */
export function otlpHttpSender({ endpoint, headers, compression, tls }: OtlpHttpTarget): OtlpHttpSender {
  const base = endpoint.replace(/\/+$/, '');
  const used = compression ?? (isLoopbackUrl(base) ? 'none' : 'gzip');
  const posters = {
    traces: poster(`${base}/v1/traces`, tls),
    logs: poster(`${base}/v1/logs`, tls),
    metrics: poster(`${base}/v1/metrics`, tls),
  };
  return {
    async send(parcel, limits) {
      const url = `${base}/v1/${parcel.signal}`;
      try {
        const answer = await posters[parcel.signal].post(
          await compressed(parcel.body, used),
          {
            ...headers,
            'content-type': contentTypes[parcel.encoding],
            ...(used === 'none' ? {} : { 'content-encoding': used }),
            [HOP_HEADER]: '1',
          },
          limits,
        );
        return outcomeOf(answer, parcel, url);
      } catch (error) {
        return { status: 'later', reason: `${url}: ${reasonOf(error)}`, retryAfterMs: undefined };
      }
    },
    close: () => Object.values(posters).forEach((each) => each.close()),
  };
}

export function isLoopbackUrl(url: string): boolean {
  return /^https?:\/\/(?:localhost|127\.[\d.]+|\[::1\])(?:[:/]|$)/.test(url);
}

function compressed(body: Uint8Array, by: Compression): Promise<Uint8Array> | Uint8Array {
  if (by === 'none') return body;
  return by === 'gzip' ? zip.gzip(body, GZIP) : zip.zstd(body, ZSTD);
}

function outcomeOf({ status, headers, body }: Answer, { encoding }: Parcel, url: string): Outcome {
  const reason = `${url} answered ${status}`;
  if (status >= 200 && status < 300) {
    const warning = partialSuccess(encoding, body);
    return { status: 'delivered', warning: warning === undefined ? undefined : `the backend says: ${warning}` };
  }
  if (status === TOO_LARGE) return { status: 'too_large', reason };
  // A redirect is a wrong address: spans go nowhere but where they were told to.
  if (LATER.has(status) || status < 400)
    return { status: 'later', reason, retryAfterMs: retryAfter(headers['retry-after'], Date.now()) };
  return { status: 'refused', reason };
}

/** Seconds or a date (RFC 9110 §10.2.3), as milliseconds from now. */
export function retryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

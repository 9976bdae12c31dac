import * as http from 'node:http';
import * as https from 'node:https';

/** Certificates of our own and those that we trust, in PEM. Without `ca`, those that Node trusts. */
export interface ClientTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Poster {
  /** One POST over a kept connection; redirects are not followed. Rejects where no answer came. */
  post(body: Uint8Array, headers: Readonly<Record<string, string>>, limits: PostLimits): Promise<Answer>;
  close(): void;
}

export interface PostLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer is a few bytes; of one that is more, the rest is not read. */
const MAX_ANSWER = 1 << 16;
/** A server may close an idle connection just as we use it: then the request was not read, and is sent on a new one. */
const STALE = new Set(['ECONNRESET', 'EPIPE']);

export function poster(url: string, tls: ClientTls = {}): Poster {
  const target = new URL(url);
  const secure = target.protocol === 'https:';
  const agent = secure ? new https.Agent({ keepAlive: true, ...tls }) : new http.Agent({ keepAlive: true });
  const send = (body: Uint8Array, headers: Readonly<Record<string, string>>, limits: PostLimits): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const options = { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } };
      const request = (secure ? https : http).request(target, options);
      const cut = setTimeout(() => request.destroy(timeout(limits.timeoutMs)), limits.timeoutMs);
      const abort = (): void => void request.destroy(new Error('stopping'));
      limits.signal?.addEventListener('abort', abort, { once: true });
      const settle = (): void => {
        clearTimeout(cut);
        limits.signal?.removeEventListener('abort', abort);
      };
      request.once('error', (error) => {
        settle();
        reject(Object.assign(error, { isReused: request.reusedSocket }));
      });
      request.once('response', (response) => {
        const done = (answer: Buffer): void => {
          settle();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer });
        };
        readAnswer(response, done, (error) => {
          settle();
          reject(error);
        });
      });
      request.end(body);
    });
  return {
    async post(body, headers, limits) {
      try {
        return await send(body, headers, limits);
      } catch (error) {
        if (!isStale(error)) throw error;
        return send(body, headers, limits);
      }
    },
    close: () => agent.destroy(),
  };
}

function readAnswer(response: http.IncomingMessage, done: (body: Buffer) => void, fail: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= MAX_ANSWER) return;
    response.destroy();
    done(Buffer.alloc(0));
  });
  response.once('end', () => done(Buffer.concat(chunks)));
  response.once('error', fail);
}

function timeout(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError' });
}

function isStale(error: unknown): boolean {
  const { code, isReused } = error as { code?: string; isReused?: boolean };
  return isReused === true && code !== undefined && STALE.has(code);
}

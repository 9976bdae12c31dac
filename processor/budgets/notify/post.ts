/**
 * What a receiver made of a post.
 * - `refused`: it will say the same about this body again
 * - `unwell`: it, or the way to it, may be better later (mistyped addresses and passwords included: people mend those)
 */
export type Delivery =
  | { readonly result: 'taken'; /** What went wrong all the same. */ readonly note?: string }
  | { readonly result: 'refused' | 'unwell'; readonly why: string };

const TIMEOUT_MS = 10_000;
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 414, 422]);

/**
 * Posts JSON, once. Never rejects. `why` holds no part of the URL, which may be a secret.
 *
 * @example await postJson(new URL('http://localhost:9000/hook'), { hello: 'world' })
 */
export async function postJson(
  url: URL,
  body: unknown,
  {
    signal,
    headers = {},
  }: { readonly signal?: AbortSignal | undefined; readonly headers?: Record<string, string> } = {},
): Promise<Delivery> {
  const { target, authorization } = withoutCredentials(url);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'spanledger', ...authorization, ...headers },
      body: JSON.stringify(body),
      // Followed, a redirect would turn the POST into a GET, and what was to be told would be lost with status 200.
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    await response.body?.cancel();
    if (response.ok) return { result: 'taken' };
    const redirected = response.status >= 300 && response.status < 400;
    const why = `status ${response.status}${redirected ? ': it redirects; write the address that it leads to' : ''}`;
    return { result: REFUSALS.has(response.status) ? 'refused' : 'unwell', why };
  } catch (error) {
    return { result: 'unwell', why: timeout.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : reason(error) };
  }
}

/** A secret that is not where the file says. It may be put there, so it is tried again. Messages of others may hold one. */
export function unreadable(error: unknown): Delivery {
  return { result: 'unwell', why: error instanceof RangeError ? error.message : reason(error) };
}

/** fetch refuses a URL with credentials; they travel as a header instead. */
function withoutCredentials(url: URL): { target: URL; authorization: Readonly<Record<string, string>> } {
  if (url.username === '' && url.password === '') return { target: url, authorization: {} };
  const target = new URL(url);
  target.username = '';
  target.password = '';
  const plain = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { target, authorization: { authorization: `Basic ${Buffer.from(plain).toString('base64')}` } };
}

/** The code of what went wrong (`ECONNREFUSED`, `ENOTFOUND`, …); messages may repeat the URL. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  // A few words in lower case are fetch's own: "bad port" for one that no browser would call.
  if (cause instanceof Error && /^[a-z ]{1,40}$/.test(cause.message)) return cause.message;
  return cause instanceof Error ? cause.name : 'unknown error';
}

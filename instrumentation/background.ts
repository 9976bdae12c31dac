import type { Call } from './call.ts';

/** Calls whose answer is made in the background, by the id under which it will be fetched. */
const waiting = new Map<string, Call>();
const most = 1000;

/** Keeps a call open until its answer is fetched; the longest-waiting ones end unfinished when there are too many. */
export function waitFor(id: string, call: Call): void {
  waiting.set(id, call);
  if (waiting.size <= most) return;
  for (const [oldest, unfinished] of waiting) {
    waiting.delete(oldest);
    unfinished.end();
    return;
  }
}

/**
 * The open call whose answer a request fetches, or gives up. https://platform.openai.com/docs/guides/background,
 * https://replicate.com/docs/reference/http#predictions.get
 */
export function waitingCall(path: string): Call | undefined {
  if (waiting.size === 0) return undefined;
  const id = /\/(?:responses|predictions)\/([^/?]+)(?:\/cancel)?(?:\?|$)/.exec(path)?.[1];
  const call = id === undefined ? undefined : waiting.get(id);
  if (call?.ended === true && id !== undefined) waiting.delete(id);
  return call?.ended === false ? call : undefined;
}

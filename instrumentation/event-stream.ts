import type { Listener } from './listener.ts';
import { failed } from './contain.ts';
import type { Asked } from './stream.ts';

/** An event that is longer is not an event of an LLM API; such a stream is passed on unread. */
const longest = 4 * 1024 * 1024;
/** Server-sent events end with an empty line. https://html.spec.whatwg.org/multipage/server-sent-events.html */
const ending = /\r\n\r\n|\n\n|\r\r/g;

/**
 * Reads server-sent events from text that comes in pieces, and tells what of it is for the application: all of it, or, where
 * the question for usage was ours, all but its answer.
 *
 * @example
 * const reader = readEvents(call, undefined);
 * reader.push('data: {"id":1}\n\n'); // the same text
 */
export function readEvents(
  call: Listener,
  asked: Asked,
  framing: 'sse' | 'lines' = 'sse',
): { push(text: string): string; flush(): string } {
  let pending = '';
  let unreadable = false;
  const read = (text: string): string => readEvent(text, framing === 'sse' ? dataOf(text) : text.trim(), call, asked);
  const take = (text: string): string => {
    if (unreadable) return text;
    pending += text;
    if (pending.length > longest) {
      unreadable = true;
      const rest = pending;
      pending = '';
      return rest;
    }
    let passed = '';
    let from = 0;
    for (const match of pending.matchAll(framing === 'sse' ? ending : /\n/g)) {
      const to = match.index + match[0].length;
      passed += read(pending.slice(from, to));
      from = to;
    }
    pending = pending.slice(from);
    return passed;
  };
  return {
    push: take,
    flush: () => {
      const rest = pending === '' ? '' : read(pending);
      pending = '';
      return rest;
    },
  };
}

function dataOf(text: string): string {
  return text
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(line.charAt(5) === ' ' ? 6 : 5))
    .join('\n');
}

function readEvent(text: string, data: string, call: Listener, asked: Asked): string {
  if (!data.startsWith('{')) return text;
  try {
    const event = JSON.parse(data) as Record<string, unknown>;
    call.event(event);
    if (asked === undefined) return text;
    if (asked.isAnswer(event)) return '';
    // Cut out of the text rather than written anew: every other byte stays what the provider sent.
    asked.strip(event);
    return 'usage' in event ? text : text.replace(/,"usage":\s*null/, '');
  } catch (error) {
    failed(error);
    return text;
  }
}

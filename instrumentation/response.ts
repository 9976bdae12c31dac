import { deaf, type Listener } from './call.ts';
import { readEvents } from './event-stream.ts';
import { failed, guarded } from './guard.ts';
import type { Asked } from './stream.ts';

/** A plain answer that is longer is passed on without being kept for reading. */
const longestKept = 16 * 1024 * 1024;

/** How an answer comes: whole, as server-sent events, or as lines of JSON. */
type Framing = 'whole' | 'sse' | 'lines';

interface Observed {
  readonly call: Listener;
  readonly asked: Asked;
  readonly framing: Framing;
}
const observed = new WeakMap<object, Observed>();

/** What is known of a response that was observed before. */
export function observedResponse(response: object): Observed | undefined {
  return observed.get(response);
}

/**
 * Observes whoever reads the body of `response`, without reading anything itself: the response stays the one that fetch
 * gave, and its methods give what they gave before. Whichever reads the body first ends the call.
 */
export function observeResponse(response: Response, call: Listener, asked: Asked): void {
  if (observed.has(response)) return;
  const state: Observed = { call, asked, framing: framingOf(response, call) };
  observed.set(response, state);
  const { json, text } = response;
  const read = <T>(reading: Promise<T>, see: (value: T) => T): Promise<T> =>
    reading.then(
      // Looking the response up holds it: it is not garbage, so not unread, while its body is on the way.
      (value) => (observed.has(response) ? see(value) : value),
      (error: unknown) => {
        if (!call.libraryReads) call.fail(error);
        throw error;
      },
    );
  const see = (value: string): string => {
    if (call.libraryReads) return value;
    return seeText(value, state);
  };
  shadow(response, 'text', function text_() {
    return read(text.call(response), see);
  });
  shadow(response, 'json', function json_() {
    return read(json.call(response), (value) => {
      if (!call.libraryReads) seeValue(value, call);
      return value;
    });
  });
  for (const name of ['arrayBuffer', 'bytes', 'blob'] as const) shadowBinary(response, name, state);
  shadowBody(response, state);
  shadowClone(response, state);
}

/** A clone is read beside the original: of a stream it must not tell everything twice, but hides what is ours as well. */
function shadowClone(response: Response, { call, asked }: Observed): void {
  const { clone } = response;
  if (typeof clone !== 'function') return;
  const value = function clone_(): Response {
    const copy = clone.call(response);
    guarded(() => observeResponse(copy, call.request.stream ? deaf(call) : call, asked));
    return copy;
  };
  define(response, 'clone', value);
}

/** Raw bytes: decoded aside, and the same bytes are given on, unless a part of them is there only because we asked. */
function shadowBinary(response: Response, name: 'arrayBuffer' | 'bytes' | 'blob', state: Observed): void {
  const { call, asked } = state;
  const original = response[name] as ((this: Response) => Promise<unknown>) | undefined;
  if (typeof original !== 'function') return;
  shadow(response, name, function binary() {
    return original.call(response).then(
      async (value) => {
        const bytes = value instanceof Blob ? await value.arrayBuffer() : (value as ArrayBuffer | Uint8Array);
        const text = new TextDecoder().decode(bytes);
        const passed = seeText(text, state);
        if (asked === undefined) return value;
        const encoded = new TextEncoder().encode(passed);
        if (value instanceof Blob) return new Blob([encoded], { type: value.type });
        return name === 'bytes' ? encoded : encoded.buffer;
      },
      (error: unknown) => {
        call.fail(error);
        throw error;
      },
    );
  });
}

function shadowBody(response: Response, state: Observed): void {
  const { call } = state;
  const descriptor = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(response), 'body');
  if (descriptor?.get === undefined) return;
  let tapped: ReadableStream<Uint8Array> | undefined;
  Object.defineProperty(response, 'body', {
    configurable: true,
    enumerable: false,
    get() {
      const body = descriptor.get?.call(response) as ReadableStream<Uint8Array> | null;
      if (call.libraryReads || !(body instanceof ReadableStream)) return body;
      return (tapped ??= tapBody(response, body, state));
    },
  });
}

/** The same bytes, pulled only when the application pulls. Nothing is locked before. */
function tapBody(
  response: Response,
  body: ReadableStream<Uint8Array>,
  { call, asked, framing }: Observed,
): ReadableStream<Uint8Array> {
  let reader: ReturnType<typeof openReader> | undefined;
  const decoder = new TextDecoder();
  const events = framing === 'whole' ? undefined : readEvents(call, asked, framing);
  let kept: string | undefined = '';
  const see = (chunk: Uint8Array | undefined): Uint8Array | undefined => {
    const text = decoder.decode(chunk, { stream: chunk !== undefined });
    if (events === undefined) {
      if (kept !== undefined && kept.length < longestKept) kept += text;
      else kept = undefined;
      return chunk;
    }
    const passed = events.push(text) + (chunk === undefined ? events.flush() : '');
    return asked === undefined ? chunk : new TextEncoder().encode(passed);
  };
  return new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        reader ??= openReader(body);
        try {
          // Naming the response holds it: it is not garbage, so not unread, while somebody may read its body.
          while (observed.has(response)) {
            const { done, value } = await reader.read();
            const passed = see(done ? undefined : value);
            if (passed !== undefined && passed.length > 0) controller.enqueue(passed.slice());
            if (done) {
              if (events === undefined && kept !== undefined) seeValue(parse(kept), call);
              else call.complete();
              controller.close();
              controller.byobRequest?.respond(0);
            } else if (passed === undefined || passed.length === 0) continue;
            return;
          }
        } catch (error) {
          call.fail(error);
          throw error;
        }
      },
      async cancel(reason) {
        call.end();
        reader ??= openReader(body);
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function openReader(body: ReadableStream<Uint8Array>): ReadableStreamDefaultReader<Uint8Array> {
  return body.getReader();
}

function seeText(text: string, { call, asked, framing }: Observed): string {
  if (framing === 'whole') {
    seeValue(parse(text), call);
    return text;
  }
  const events = readEvents(call, asked, framing);
  const passed = events.push(text) + events.flush();
  call.complete();
  return passed;
}

/** A whole answer; Vertex sends the events of a stream as one list. */
function seeValue(value: unknown, call: Listener): void {
  if (!Array.isArray(value)) return call.body(value);
  for (const event of value) call.event(event);
  call.complete();
}

/** By what the answer says it is; by what was asked for, where it says nothing. */
function framingOf(response: Response, call: Listener): Framing {
  const type = typeof response.headers?.get === 'function' ? (response.headers.get('content-type') ?? '') : '';
  if (type.includes('event-stream')) return 'sse';
  if (/ndjson|jsonl|stream\+json/.test(type)) return 'lines';
  return type === '' && call.request.stream ? 'sse' : 'whole';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    failed(error);
    return undefined;
  }
}

function shadow(
  response: Response,
  name: 'text' | 'json' | 'arrayBuffer' | 'bytes' | 'blob',
  value: () => Promise<unknown>,
): void {
  if (typeof response[name] === 'function') define(response, name, value);
}

function define(response: Response, name: string, value: () => unknown): void {
  Object.defineProperty(value, 'name', { value: name });
  Object.defineProperty(response, name, { configurable: true, enumerable: false, writable: true, value });
}

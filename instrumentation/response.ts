import { deaf, type Listener } from './listener.ts';
import { readEvents } from './event-stream.ts';
import { failed, guarded } from './contain.ts';
import type { Asked } from './stream.ts';

/** A plain answer that is longer is passed on without being kept for reading. */
const longestKept = 16 * 1024 * 1024;

/** How an answer comes: whole, as server-sent events, or as lines of JSON. */
type Framing = 'whole' | 'sse' | 'lines';

interface Observed {
  readonly call: Listener;
  readonly asked: Asked;
  readonly framing: Framing;
  /** The body that the application is given, once it has asked for it. */
  body: ReadableStream<Uint8Array> | undefined;
}

const observed = Symbol('spanledger.observed');
type Watched = Response & { [observed]?: Observed };

/** What is known of a response that was observed before. */
export function observedResponse(response: Response): Observed | undefined {
  return (response as Watched)[observed];
}

/**
 * Observes whoever reads the body of `response`, without reading anything itself: the response stays the one that fetch
 * gave, and its methods give what they gave before. Whichever reads the body first ends the call.
 *
 * Its prototype gets one in between that is made once: properties of its own would cost more than the rest of a call.
 */
export function observeResponse(response: Watched, call: Listener, asked: Asked): void {
  if (response[observed] !== undefined) return;
  response[observed] = { call, asked, framing: framingOf(response, call), body: undefined };
  const prototype = Object.getPrototypeOf(response) as object;
  if (prototype === Object.prototype) shadowReaders(response, response);
  else Object.setPrototypeOf(response, watching(prototype));
}

const watchingOf = new WeakMap<object, object>();

/** A prototype that reads as `base` does, and tells. */
function watching(base: object): object {
  const known = watchingOf.get(base);
  if (known !== undefined) return known;
  const prototype = Object.create(base) as object;
  shadowReaders(prototype, base as Response);
  const body = findProperty(base, 'body');
  if (body?.get !== undefined)
    Object.defineProperty(prototype, 'body', {
      configurable: true,
      get(this: Watched) {
        const native = body.get?.call(this) as ReadableStream<Uint8Array> | null;
        const state = this[observed];
        if (state === undefined || state.call.libraryReads || !(native instanceof ReadableStream)) return native;
        return (state.body ??= tapBody(this, native, state));
      },
    });
  watchingOf.set(base, prototype);
  return prototype;
}

function shadowReaders(target: object, base: Response): void {
  const { text, json, clone } = base;
  define(target, 'text', text, function (this: Watched) {
    return read(this, text.call(this), seeText);
  });
  define(target, 'json', json, function (this: Watched) {
    return read(this, json.call(this), (value, { call }) => {
      seeValue(value, call);
      return value;
    });
  });
  for (const name of ['arrayBuffer', 'bytes', 'blob'] as const) {
    const binary = base[name] as (() => Promise<unknown>) | undefined;
    define(target, name, binary, function (this: Watched) {
      return read(this, (binary as () => Promise<unknown>).call(this), (value, state) => seeBinary(value, name, state));
    });
  }
  // A clone is read beside the original: of a stream it must not tell everything twice, but hides what is ours as well.
  define(target, 'clone', clone, function (this: Watched) {
    const copy = clone.call(this);
    const state = this[observed];
    if (state === undefined) return copy;
    const { call, asked } = state;
    guarded(() => observeResponse(copy, call.request.stream ? deaf(call) : call, asked));
    return copy;
  });
}

function read<T>(
  response: Watched,
  reading: Promise<T>,
  see: (value: T, state: Observed) => T | Promise<T>,
): Promise<T> {
  if (response[observed]?.call.libraryReads !== false) return reading;
  return reading.then(
    (value) => {
      // Naming the response holds it: it is not garbage, so not unread, while its body is on the way.
      const state = response[observed];
      return state === undefined ? value : see(value, state);
    },
    (error: unknown) => {
      response[observed]?.call.fail(error);
      throw error;
    },
  );
}

/** Raw bytes: decoded aside, and the same bytes are given on, unless a part of them is there only because we asked. */
async function seeBinary(value: unknown, name: 'arrayBuffer' | 'bytes' | 'blob', state: Observed): Promise<unknown> {
  const bytes = value instanceof Blob ? await value.arrayBuffer() : (value as ArrayBuffer | Uint8Array);
  if (state.call.text !== undefined) {
    seePieces(new Uint8Array(bytes), state.call);
    return value;
  }
  const passed = seeText(new TextDecoder().decode(bytes), state);
  if (state.asked === undefined) return value;
  const encoded = new TextEncoder().encode(passed);
  if (value instanceof Blob) return new Blob([encoded], { type: value.type });
  return name === 'bytes' ? encoded : encoded.buffer;
}

/** As one text it may be longer than any can be. */
const pieceBytes = 1024 * 1024;

function seePieces(bytes: Uint8Array, { text }: Listener): void {
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = decoder.decode(bytes.subarray(at, at + pieceBytes), { stream: true });
    if (text?.(piece, false) === false) return;
  }
  text?.(decoder.decode(), true);
}

function findProperty(start: object, name: string): PropertyDescriptor | undefined {
  for (let at: object | null = start; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}

/** The same bytes, pulled only when the application pulls. Nothing is locked before. */
function tapBody(
  response: Watched,
  body: ReadableStream<Uint8Array>,
  { call, asked, framing }: Observed,
): ReadableStream<Uint8Array> {
  let reader: ReturnType<typeof openReader> | undefined;
  const decoder = new TextDecoder();
  const events = framing === 'whole' ? undefined : readEvents(call, asked, framing);
  let kept: string | undefined = '';
  let wanted = true;
  const see = (chunk: Uint8Array | undefined): Uint8Array | undefined => {
    if (!wanted) return chunk;
    const text = decoder.decode(chunk, { stream: chunk !== undefined });
    if (call.text !== undefined) {
      wanted = call.text(text, chunk === undefined);
      return chunk;
    }
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
          while (response[observed] !== undefined) {
            const { done, value } = await reader.read();
            const passed = see(done ? undefined : value);
            if (passed !== undefined && passed.length > 0) controller.enqueue(passed.slice());
            if (done) {
              if (events !== undefined || kept === undefined) call.complete();
              else if (call.text === undefined) seeValue(parse(kept), call);
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
  if (call.text !== undefined) {
    call.text(text, true);
    return text;
  }
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

function define(target: object, name: string, original: unknown, value: () => unknown): void {
  if (typeof original !== 'function') return;
  Object.defineProperty(value, 'name', { value: name });
  Object.defineProperty(target, name, { configurable: true, enumerable: false, writable: true, value });
}

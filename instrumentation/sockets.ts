import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isJson } from './apis/api.ts';
import { sessionOf, type Session, type Text } from './apis/realtime.ts';
import type { Client, Observing } from './clients/client.ts';
import { withoutBaggage } from './egress.ts';
import { failed, guarded } from './contain.ts';
import { providerOf } from './provider.ts';
import type { Recorder } from './recorder.ts';
import { wrapMethod } from './wrap.ts';

interface Watched {
  readonly session: Session;
  /** Runs in the context in which the socket was opened: its tags, its span. */
  readonly run: (work: () => void) => void;
}

/** Sockets to model providers; undefined for one that goes elsewhere. */
const watched = new WeakMap<object, { readonly state: Watched | undefined }>();

/** What passes through a socket, where it goes to a model provider. */
function watch(socket: object, address: unknown, recorder: Recorder): Watched | undefined {
  const known = watched.get(socket);
  if (known !== undefined) return known.state;
  const state = guarded(() => open(address, recorder));
  watched.set(socket, { state });
  return state;
}

function open(address: unknown, recorder: Recorder): Watched | undefined {
  const url = providerUrl(address);
  if (url === undefined) return undefined;
  const provider = providerOf(url.hostname);
  if (provider === undefined) return undefined;
  // The query of Gemini's address has the key in it.
  const place = { url: `${url.protocol}//${url.host}${url.pathname}`, path: url.pathname };
  const run = AsyncLocalStorage.snapshot();
  const session = sessionOf(url, (api, body) => recorder.begin(api, body, place, provider));
  return session === undefined ? undefined : { session, run };
}

function providerUrl(address: unknown): URL | undefined {
  if (typeof address !== 'string' && !(address instanceof URL)) return undefined;
  const url = URL.parse(String(address));
  return url !== null && providerOf(url.hostname) !== undefined ? url : undefined;
}

function see({ session, run }: Watched, data: unknown, way: 'sent' | 'received'): void {
  const wants = way === 'sent' ? 'wantsSent' : 'wantsReceived';
  guarded(() => {
    if (data instanceof Blob) {
      data.text().then((text) => see({ session, run }, text, way), failed);
      return;
    }
    const text = textOf(data);
    if (text === undefined || !session[wants](text)) return;
    const message: unknown = JSON.parse(text.toString());
    if (isJson(message)) run(() => session[way](message));
  });
}

function textOf(data: unknown): Text | undefined {
  if (typeof data === 'string' || Buffer.isBuffer(data)) return data;
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Array.isArray(data) ? Buffer.concat(data as Buffer[]) : undefined;
}

function close({ session, run }: Watched): void {
  guarded(() => run(() => session.closed()));
}

type Send = (this: object, data: unknown, ...rest: unknown[]) => unknown;

/** Watches what is sent before it is. */
const watchSend =
  (stateOf: (socket: object) => Watched | undefined) =>
  (send: Send): Send =>
    function (this: object, data, ...rest) {
      const state = stateOf(this);
      if (state !== undefined) see(state, data, 'sent');
      return send.call(this, data, ...rest);
    };

/** The socket of Node itself, which is not loaded before the application uses it. */
export function hookSockets({ recorder }: Observing): void {
  const stateOf = (socket: object): Watched | undefined => {
    const known = watched.get(socket);
    if (known !== undefined) return known.state;
    const target = socket as EventTarget & { readonly url?: unknown };
    const state = watch(target, target.url, recorder);
    if (state === undefined) return undefined;
    target.addEventListener('message', (event) => see(state, (event as MessageEvent).data, 'received'));
    target.addEventListener('close', () => close(state));
    return state;
  };
  const patch = (message: unknown): void => {
    const { request } = message as { readonly request?: { readonly upgrade?: unknown } };
    if (request?.upgrade !== 'websocket') return;
    unsubscribe('undici:request:create', patch);
    guarded(() => wrapMethod(globalThis.WebSocket.prototype, 'send', watchSend(stateOf)));
  };
  subscribe('undici:request:create', patch);
  subscribe('undici:websocket:open', (message) => {
    guarded(() => {
      const { websocket } = message as { readonly websocket?: object };
      if (websocket !== undefined) stateOf(websocket);
    });
  });
}

interface WsSocket {
  readonly url?: unknown;
  readonly _isServer?: boolean;
  readonly _receiver?: NodeJS.EventEmitter;
  readonly _socket?: NodeJS.EventEmitter;
}
type SetSocket = (this: WsSocket, ...args: unknown[]) => unknown;
type InitAsClient = (this: unknown, socket: object, address: unknown, ...rest: unknown[]) => unknown;

/**
 * https://www.npmjs.com/package/ws, which the realtime clients of openai, @openai/agents and @google/genai use. Its
 * receiver is listened to, which the application does not see.
 */
export const ws: Client = ({ recorder }) => ({
  name: 'ws',
  majors: [7, 8],
  quiet: true,
  files: [
    {
      file: 'lib/websocket',
      names: ['WebSocket', 'export initAsClient'],
      patch(exports) {
        const { WebSocket, initAsClient } = exports;
        if (typeof WebSocket !== 'function') return false;
        const wrapSetSocket = (setSocket: SetSocket): SetSocket =>
          function (this: WsSocket, ...args) {
            const result = setSocket.apply(this, args);
            const state = this._isServer === true ? undefined : watch(this, this.url, recorder);
            if (state !== undefined)
              guarded(() => {
                this._receiver?.prependListener('message', (data: unknown) => see(state, data, 'received'));
                this._socket?.once('close', () => close(state));
              });
            return result;
          };
        const prototype = WebSocket.prototype as object;
        wrapMethod(
          prototype,
          'send',
          watchSend((socket) => watched.get(socket)?.state),
        );
        // As with every request, tags stay at home.
        if (typeof initAsClient === 'function')
          (exports as { initAsClient: unknown }).initAsClient = function (
            this: unknown,
            ...args: Parameters<InitAsClient>
          ) {
            const start = (): unknown => (initAsClient as InitAsClient).apply(this, args);
            if (guarded(() => providerUrl(args[1])) === undefined) return start();
            watch(args[0], args[1], recorder);
            return withoutBaggage(start);
          };
        return wrapMethod(prototype, 'setSocket', wrapSetSocket);
      },
    },
  ],
});

import { context } from '@opentelemetry/api';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { failed, guarded } from '../contain.ts';
import { untraced } from '../untraced.ts';
import type { State } from './state.ts';

export interface FeedOptions {
  readonly url: URL;
  readonly token: string | undefined;
  readonly state: State;
  /** One line for people, each but once. */
  readonly say: (line: string) => void;
  readonly firstPauseMs?: number;
}

export interface Feed {
  stop(): void;
}

const LONGEST_PAUSE_MS = 60_000;
/** Where there is no such thing, or nobody may listen, it will not be otherwise soon. */
const REFUSED_PAUSE_MS = 600_000;
/** The processor says something every ten seconds. */
const SILENCE_MS = 35_000;
/** How long further models are waited for, before they are asked for together. */
const GATHER_MS = 200;
const LONGEST_EVENT = 4 * 1024 * 1024;

/**
 * Listens to the processor for as long as the process lives, and never keeps it alive. What goes wrong is tried again, with
 * longer and longer pauses.
 */
export function startFeed({ url, token, state, say, firstPauseMs = 1000 }: FeedOptions): Feed {
  let request: ClientRequest | undefined;
  let timer: NodeJS.Timeout | undefined;
  let silence: NodeJS.Timeout | undefined;
  let pauseMs = firstPauseMs;
  let stopped = false;
  /** How many models it was asked for. */
  let asked = 0;

  const later = (ms: number): void => {
    clearTimeout(timer);
    clearTimeout(silence);
    if (!stopped) timer = setTimeout(connect, ms).unref();
  };
  const again = (): void => {
    // Spread, so that many processes do not come back together.
    later(pauseMs * (0.5 + Math.random()));
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  };
  const listenOn = (current: ClientRequest): void => {
    clearTimeout(silence);
    silence = setTimeout(() => current.destroy(new Error('silent')), SILENCE_MS).unref();
  };

  function connect(): void {
    const target = new URL(url);
    target.searchParams.set('instance', state.instance);
    asked = state.wanted.length;
    if (state.wanted.length > 0) target.searchParams.set('models', state.wanted.join(','));
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (state.lastId !== undefined) headers['last-event-id'] = state.lastId;
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const current = context.with(untraced, () => send(target, { headers, agent: false }));
    request = current;
    listenOn(current);
    current.on('socket', (socket) => socket.unref());
    current.on('error', () => {
      if (request === current) again();
    });
    current.on('response', (response) => {
      if (response.statusCode === 200) return read(current, response);
      response.resume();
      request = undefined;
      current.destroy();
      if (response.statusCode === 503 || response.statusCode === 429) return again();
      if (response.statusCode !== 404)
        say(`the guard may not listen to ${url.origin} (HTTP ${response.statusCode}); no budget is known`);
      later(REFUSED_PAUSE_MS);
    });
    current.end();
  }

  function read(current: ClientRequest, response: IncomingMessage): void {
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      if (request !== current) return;
      listenOn(current);
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      if (rest.length > LONGEST_EVENT) {
        current.destroy(new Error('an event without an end'));
        return;
      }
      for (const block of blocks) take(block);
      state.heard();
      pauseMs = firstPauseMs;
    });
    const over = (): void => {
      if (request !== current) return;
      request = undefined;
      again();
    };
    response.on('error', over);
    response.on('close', over);
  }

  function take(block: string): void {
    let [event, id, data]: [string, string | undefined, string] = ['', undefined, ''];
    for (const line of block.split('\n')) {
      if (line.startsWith('event: ')) event = line.slice(7);
      else if (line.startsWith('id: ')) id = line.slice(4);
      else if (line.startsWith('data: ')) data += line.slice(6);
    }
    if (event === '' || data === '') return;
    try {
      state.take(event, JSON.parse(data), id);
      if (event === 'ready' && state.wanted.length > asked) state.onWant();
    } catch (error) {
      failed(error);
      say('what the processor tells of budgets cannot be read; both may be of different versions');
    }
  }

  state.onWant = () => {
    if (stopped) return;
    // Comes back to where it was, and asks for what is missing.
    clearTimeout(timer);
    timer = setTimeout(() => {
      const before = request;
      request = undefined;
      clearTimeout(silence);
      before?.destroy();
      connect();
    }, GATHER_MS).unref();
  };
  guarded(connect);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearTimeout(silence);
      const current = request;
      request = undefined;
      current?.destroy();
    },
  };
}

import { context } from '@opentelemetry/api';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { failed, guarded } from '../contain.ts';
import { untraced } from '../untraced.ts';
import type { State } from './state.ts';
import { readGrants, type Grant } from './wire.ts';

export interface LeasingOptions {
  readonly url: URL;
  readonly token: string | undefined;
  readonly state: State;
  readonly say: (line: string) => void;
  readonly everyMs?: number;
}

export interface Leasing {
  stop(): void;
}

/** How often is told what is new of leases that nobody asks for more of. */
const EVERY_MS = 5000;
const AGAIN_MS = 1000;
const TIMEOUT_MS = 5000;
const LONGEST_ANSWER = 1024 * 1024;

/**
 * Asks the processor for leases as soon as a call wants one, and tells every five seconds what calls have cost, one message
 * at a time. Nothing waits for it on the way of a call.
 */
export function startLeasing({ url, token, state, say, everyMs = EVERY_MS }: LeasingOptions): Leasing {
  const { leases } = state;
  let timer: NodeJS.Timeout | undefined;
  let asking = false;
  let stopped = false;
  let roundMs = -Infinity;

  const later = (ms: number): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => guarded(ask), ms).unref();
  };
  const soon = (): void => {
    if (!asking) later(0);
  };

  function ask(): void {
    const atMs = state.steadyMs;
    if (atMs - roundMs >= everyMs) {
      roundMs = atMs;
      leases.round();
    }
    const { epoch } = state;
    const { claims, of } = leases.claims((lease) => state.isLapsed(lease));
    if (claims.length === 0) {
      if (leases.size > 0) later(everyMs);
      return;
    }
    asking = true;
    post(JSON.stringify({ instance: state.instance, claims }), (answer) => {
      asking = false;
      const grants = answer === undefined ? undefined : read(answer);
      if (grants === undefined) leases.unheard(of);
      else leases.take(grants, { atMs, epoch });
      later(grants === undefined ? AGAIN_MS : leases.pending ? 0 : everyMs);
    });
  }

  function read(answer: unknown): readonly Grant[] | undefined {
    try {
      return readGrants(answer);
    } catch (error) {
      failed(error);
      say('what the processor grants of budgets cannot be read; both may be of different versions');
      return undefined;
    }
  }

  function post(body: string, done: (answer: unknown) => void): void {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    let over = false;
    const end = (answer: unknown): void => {
      if (over) return;
      over = true;
      guarded(() => done(answer));
    };
    const options = { method: 'POST', headers, agent: false, timeout: TIMEOUT_MS };
    const sent = context.with(untraced, () => send(url, options));
    sent.on('socket', (socket) => socket.unref());
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => end(undefined));
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > LONGEST_ANSWER) sent.destroy();
      });
      response.on('error', () => end(undefined));
      response.on('close', () => {
        if (response.statusCode === 200) return end(guarded(() => JSON.parse(text) as unknown));
        if (response.statusCode !== 503) say(`${url.href} grants no leases (HTTP ${response.statusCode ?? 0})`);
        end(undefined);
      });
    });
    sent.end(body);
  }

  leases.onWant = soon;
  leases.onAnew = () => {
    roundMs = -Infinity;
    soon();
  };
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

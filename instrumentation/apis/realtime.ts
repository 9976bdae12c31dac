import { readGeminiUsage, readOpenAIAudioUsage } from '../../pricing/usage/blocks/index.ts';
import type { Call } from '../call.ts';
import { isJson, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';
import { openaiTranscriptions } from './openai-audio.ts';
import { openaiResponses } from './openai-responses.ts';

/** What passes through one socket, as calls. Messages are read only where `wants…` says so: most of them are sound. */
export interface Session {
  wantsSent(text: Text): boolean;
  sent(message: Json): void;
  wantsReceived(text: Text): boolean;
  received(message: Json): void;
  closed(): void;
}

/** A text, or its bytes. */
export type Text = string | Buffer;
export type Begin = (api: WireApi, body: Json) => Call | undefined;

/** To add an API that is spoken through sockets: how its sessions are read, and a line here. */
const sessions: readonly { readonly path: RegExp; readonly open: (url: URL, begin: Begin) => Session }[] = [
  { path: /\/realtime$/, open: openaiRealtimeSession },
  { path: /\/responses$/, open: openaiResponsesSession },
  { path: /[./]BidiGenerateContent$/, open: geminiLiveSession },
];

/** @example sessionOf(new URL('wss://api.openai.com/v1/realtime?model=gpt-realtime'), begin) */
export function sessionOf(url: URL, begin: Begin): Session | undefined {
  return sessions.find(({ path }) => path.test(url.pathname))?.open(url, begin);
}

/** Calls of one session that may be open at once; more are a mistake of the other side. */
const mostOpen = 100;

/** https://platform.openai.com/docs/api-reference/realtime-server-events/response/done */
const openaiRealtime: WireApi = {
  name: 'openai-realtime',
  operation: 'chat',
  request: ({ model }) => ({ model: textOf(model), maxTokens: undefined, stream: false }),
  readBody(response, into) {
    into.id = textOf(response['id']);
    if (isJson(response['usage'])) into.block = response['usage'];
    const { status, status_details: details } = response;
    const reason = isJson(details) ? textOf(details['reason']) : undefined;
    const finish = reason ?? textOf(status);
    if (finish !== undefined) into.finishReasons = [finish];
    if (status === 'failed') into.error = errorOf(isJson(details) ? details['error'] : undefined);
    into.complete = true;
  },
  readEvent: () => {},
  readUsage: readOpenAIAudioUsage,
  input: () => [],
};

function errorOf(error: unknown): string {
  return isJson(error) ? (textOf(error['code']) ?? textOf(error['type']) ?? 'failed') : 'failed';
}

const realtimeEvents = new Set([
  'session.created',
  'session.updated',
  'transcription_session.created',
  'transcription_session.updated',
  'response.created',
  'response.done',
  'conversation.item.input_audio_transcription.completed',
]);

/** Answers that a session tells already: a call may be watched through a second socket. */
const heard = new Set<unknown>();
const mostHeard = 10_000;

/** One `response.done` is one call, and so is one transcription of what was said, by a model of its own. */
function openaiRealtimeSession({ searchParams }: URL, begin: Begin): Session {
  let model = searchParams.get('model') ?? searchParams.get('deployment') ?? undefined;
  let transcriber: string | undefined;
  const open = new Map<unknown, Call>();
  const start = (id: unknown): Call | undefined => {
    if (heard.has(id)) return undefined;
    if (heard.size >= mostHeard) heard.clear();
    if (id !== undefined) heard.add(id);
    const call = begin(openaiRealtime, { model });
    if (call !== undefined && open.size < mostOpen) open.set(id, call);
    return call;
  };
  const readSession = (session: Json): void => {
    model = textOf(session['model']) ?? model;
    const input = isJson(session['audio']) ? session['audio']['input'] : undefined;
    const transcription = isJson(input) ? input['transcription'] : session['input_audio_transcription'];
    if (isJson(transcription)) transcriber = textOf(transcription['model']) ?? transcriber;
  };
  return {
    wantsSent: () => false,
    sent: () => {},
    wantsReceived: (text) => wantsType(text, realtimeEvents),
    received(message) {
      const { type, session, response } = message;
      if (isJson(session)) readSession(session);
      if (type === 'response.created' && isJson(response)) start(response['id']);
      else if (type === 'response.done' && isJson(response)) {
        const { id } = response;
        (open.get(id) ?? start(id))?.body(response);
        open.delete(id);
      } else if (String(type).endsWith('transcription.completed') && isJson(message['usage']))
        begin(openaiTranscriptions, { model: transcriber })?.body(message);
    },
    closed: () => {
      for (const call of open.values()) call.end();
      open.clear();
    },
  };
}

/** The Responses API through a socket: requests one after another. https://platform.openai.com/docs/guides/websocket-mode */
function openaiResponsesSession(_url: URL, begin: Begin): Session {
  const open: Call[] = [];
  return {
    wantsSent: (text) => wantsType(text, new Set(['response.create'])),
    sent(message) {
      const call = begin(openaiResponses, { ...message, stream: true });
      if (call === undefined || open.length >= mostOpen) return;
      call.answered();
      open.push(call);
    },
    wantsReceived: () => open.length > 0,
    received(message) {
      const [call] = open;
      if (call === undefined) return;
      call.event(message);
      const { type } = message;
      if (type === 'error') call.fail({ error: message['error'], status: message['status'] });
      else if (type !== 'response.completed' && type !== 'response.incomplete' && type !== 'response.failed') return;
      call.end();
      open.shift();
    },
    closed: () => {
      for (const call of open.splice(0)) call.end();
    },
  };
}

/** https://ai.google.dev/api/live#UsageMetadata */
const geminiLive: WireApi = {
  name: 'gemini-live',
  operation: 'generate_content',
  request: ({ model }) => ({ model: textOf(model), maxTokens: undefined, stream: false }),
  readBody(message, into: AnswerFacts) {
    into.block = message['usageMetadata'];
    into.complete = true;
  },
  readEvent: () => {},
  readUsage(block) {
    if (!isJson(block)) return readGeminiUsage(block);
    // Its total leaves the thoughts out, or does not.
    const { totalTokenCount: _total, ...parts } = block;
    return readGeminiUsage(parts);
  },
  input: () => [],
};

/**
 * One generation is one call: it ends with the turn, or where it calls a tool. Its usage comes with its last message or on
 * its own, before or after the end of the turn; what is said again of the same prompt takes the place of what was said.
 */
function geminiLiveSession(_url: URL, begin: Begin): Session {
  let model: string | undefined;
  let call: Call | undefined;
  let block: Json | undefined;
  let over = false;
  const start = (): void => {
    call ??= begin(geminiLive, { model });
  };
  const finish = (): void => {
    start();
    call?.body({ usageMetadata: block });
    call = undefined;
    block = undefined;
  };
  return {
    wantsSent: (text) => model === undefined && text.includes('setup'),
    sent({ setup }) {
      const name = isJson(setup) ? textOf(setup['model']) : undefined;
      model = name?.replace(/^.*models\//, '') ?? model;
    },
    wantsReceived: (text) =>
      text.includes('usageMetadata') ||
      text.includes('turnComplete') ||
      text.includes('interrupted') ||
      text.includes('toolCall') ||
      ((call === undefined || over) && text.includes('modelTurn')),
    received({ serverContent, toolCall, usageMetadata }) {
      const content = isJson(serverContent) ? serverContent : {};
      if (content['modelTurn'] !== undefined || toolCall !== undefined) {
        over = false;
        start();
      }
      if (isJson(usageMetadata)) {
        if (block !== undefined && !repeats(usageMetadata, block)) finish();
        start();
        block = usageMetadata;
      }
      over ||= content['turnComplete'] === true || content['interrupted'] === true || toolCall !== undefined;
      if (over && block !== undefined) finish();
    },
    closed: () => {
      if (block !== undefined) finish();
      call?.end();
      call = undefined;
    },
  };
}

function repeats(later: Json, block: Json): boolean {
  const made = (of: Json): number => Number(of['responseTokenCount'] ?? 0);
  return later['promptTokenCount'] === block['promptTokenCount'] && made(later) >= made(block);
}

/** Whether the type is one of these; true where it is not among the first words. */
function wantsType(text: Text, types: ReadonlySet<string>): boolean {
  const head = typeof text === 'string' ? text.slice(0, 160) : text.toString('latin1', 0, 160);
  const type = /^\s*\{\s*"type"\s*:\s*"([^"]+)"/.exec(head)?.[1];
  return type === undefined || types.has(type);
}

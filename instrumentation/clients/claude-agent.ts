import { isJson, type Json } from '../apis/api.ts';
import { readAgentMessage, readAgentResults, type AgentUsage } from '../apis/claude-agent.ts';
import { failed, guarded } from '../contain.ts';
import { trackUsage } from '../track.ts';
import type { Client } from './client.ts';

type Query = (this: unknown, parameters: unknown, ...rest: unknown[]) => AsyncGenerator;
const wrapped = Symbol.for('spanledger.wrapped');

/**
 * https://www.npmjs.com/package/@anthropic-ai/claude-agent-sdk: the models are called by a program that it starts, so there
 * is nothing to see but the messages that it sends. Minified: the hook finds what it calls `query`.
 */
export const claudeAgent: Client = () => ({
  name: '@anthropic-ai/claude-agent-sdk',
  majors: [0, 0],
  files: [
    {
      file: 'sdk',
      names: ['export query'],
      patch(exports) {
        const query = exports['query'] as (Query & { [wrapped]?: true }) | undefined;
        if (typeof query !== 'function') return false;
        if (query[wrapped] === true) return true;
        const replacement: Query = function (this: unknown, ...args) {
          const session = query.apply(this, args);
          guarded(() => observeSession(session, isJson(args[0]) ? args[0]['options'] : undefined));
          return session;
        };
        const { name, length } = query;
        Object.defineProperties(replacement, {
          name: { value: name },
          length: { value: length },
          [wrapped]: { value: true },
        });
        (exports as { query: Query }).query = replacement;
        return true;
      },
    },
  ],
});

/** The session stays the object that it is; only what comes out of it is read on its way. */
function observeSession(session: AsyncGenerator, options: unknown): void {
  const env = { ...process.env, ...(isJson(options) && isJson(options['env']) ? options['env'] : {}) };
  // Then the program tells its calls itself, each of them.
  if (isOn(env['CLAUDE_CODE_ENABLE_TELEMETRY'])) return;
  const watch = createWatch(env, isResumed(options));
  const messages = session[Symbol.asyncIterator]();
  const next = messages.next.bind(messages);
  define(messages, 'next', (...args: [] | [unknown]) =>
    next(...args).then(
      (result) => {
        guarded(() => (result.done === true ? watch.end() : watch.message(result.value)));
        return result;
      },
      (error: unknown) => {
        guarded(() => watch.end());
        throw error;
      },
    ),
  );
  const end = messages.return.bind(messages);
  define(messages, 'return', (value: unknown) => {
    guarded(() => watch.end());
    return end(value);
  });
}

/** Reads the messages of one session, and records what each result has more than the one before it. */
function createWatch(env: Json, resumed: boolean): { message(value: unknown): void; end(): void } {
  const provider = providerOf(env);
  const read = readAgentResults();
  /** Messages since the last result, whose totals will count them: by id, because one comes in parts. */
  const since = new Map<string, AgentUsage>();
  let from = new Date();
  let first = true;
  const record = (used: readonly AgentUsage[], estimated: boolean): void => {
    const durationMs = Date.now() - from.getTime();
    for (const { model, usage } of used) trackUsage({ provider, model, usage, startedAt: from, durationMs, estimated });
    from = new Date();
    since.clear();
  };
  return {
    message(value) {
      if (!isJson(value)) return;
      const { type } = value;
      if (type === 'assistant') {
        const message = readAgentMessage(value['message']);
        if (message !== undefined) since.set(message.id, message);
      }
      if (type !== 'result') return;
      const used = read(value);
      // The first total of a session that goes on has what was recorded when it was made.
      record(resumed && first ? [...since.values()] : used, resumed && first);
      first = false;
    },
    // What no result has counted was used all the same.
    end: () => record([...since.values()], true),
  };
}

function isResumed(options: unknown): boolean {
  return isJson(options) && (options['resume'] !== undefined || options['continue'] === true);
}

function providerOf(env: Json): string {
  if (isOn(env['CLAUDE_CODE_USE_BEDROCK'])) return 'aws.bedrock';
  return isOn(env['CLAUDE_CODE_USE_VERTEX']) ? 'gcp.vertex_ai' : 'anthropic';
}

function isOn(value: unknown): boolean {
  return typeof value === 'string' && /^(1|true|yes|on)$/i.test(value);
}

function define(target: object, name: string, value: unknown): void {
  try {
    Object.defineProperty(target, name, { configurable: true, writable: true, enumerable: false, value });
  } catch (error) {
    failed(error);
  }
}

import type { RequestHandler } from 'express';
import type { ModelName } from '../budgets/guard-rates.ts';
import type { StateFeed } from '../budgets/state-feed.ts';
import { Problem } from './problem.ts';

/** What a guard calls itself: made anew with every process. */
export const INSTANCE = /^[\w-]{8,64}$/;

/** What one guard may ask for. */
const MOST_ASKED = 200;

/** `GET /api/v1/budgets/state`: how budgets stand, told to guards for as long as they listen. */
export function stateRoute(feed: Pick<StateFeed, 'join' | 'room'>): RequestHandler {
  return (request, response) => {
    const unknown = Object.keys(request.query).find((name) => name !== 'models' && name !== 'instance');
    if (unknown !== undefined)
      throw new Problem(
        400,
        'invalid_query',
        `there is no parameter "${unknown.slice(0, 80)}"; there are models, instance`,
      );
    const models = readModels(request.query['models']);
    const { instance } = request.query;
    if (instance !== undefined && (typeof instance !== 'string' || !INSTANCE.test(instance)))
      throw new Problem(
        400,
        'invalid_query',
        'instance: 8 to 64 letters, digits, - and _, made anew with every process',
      );
    if (!feed.room) throw new Problem(503, 'too_many_guards', 'as many guards listen as may; try again later');
    // What stands between must pass every event on at once.
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      'X-Content-Type-Options': 'nosniff',
    });
    request.socket.setNoDelay(true);
    feed.join(response, { lastId: request.get('last-event-id'), models, instance });
  };
}

/** `openai/gpt-4o,anthropic/claude-haiku-4-5`: the provider up to the first slash. */
function readModels(value: unknown): readonly ModelName[] {
  if (value === undefined || value === '') return [];
  const names = typeof value === 'string' ? value.split(',') : [];
  if (names.length === 0 || names.length > MOST_ASKED)
    throw new Problem(400, 'invalid_query', `models: 1 to ${MOST_ASKED} names such as openai/gpt-4o, between commas`);
  return names.map((name) => {
    const at = name.indexOf('/');
    if (at < 1 || at === name.length - 1 || name.length > 300)
      throw new Problem(400, 'invalid_query', `models: "${name.slice(0, 80)}" is not a name such as openai/gpt-4o`);
    return { provider: name.slice(0, at), model: name.slice(at + 1) };
  });
}

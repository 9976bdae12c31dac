import type { Asking } from './apis/api.ts';
import type { Listener } from './listener.ts';
import { failed } from './contain.ts';

/** Set when the question for usage was ours: then its answer is not for the application. */
export type Asked = Asking | undefined;

/**
 * The iterator of a client library's stream, observed: the same items at the same time, pulled only when the application
 * pulls. What is there only because we asked is left out. The call ends when the stream does, fails, or is left. `signal`
 * is aborted when the stream ended because the application wanted it to.
 */
export function observeIterator<T>(
  source: AsyncIterator<T>,
  call: Listener,
  asked: Asked,
  signal?: AbortSignal,
): AsyncIterator<T> {
  const observe = (result: IteratorResult<T>): IteratorResult<T> | Promise<IteratorResult<T>> => {
    if (result.done === true) {
      if (signal?.aborted === true) call.end();
      else call.complete();
      return result;
    }
    call.event(result.value);
    return asked !== undefined && isOurs(result.value, asked) ? next() : result;
  };
  const fail = (error: unknown): never => {
    call.fail(error);
    throw error;
  };
  // Without a list of arguments: this is made for every chunk.
  const next = (): Promise<IteratorResult<T>> => source.next().then(observe, fail);
  // Made from the source, so that it is in every other respect what the library gave.
  const observed = Object.create(source) as AsyncIterator<T>;
  observed.next = next;
  if (source.return !== undefined)
    observed.return = (value) => {
      call.end();
      return (source.return as NonNullable<AsyncIterator<T>['return']>)(value);
    };
  if (source.throw !== undefined)
    observed.throw = (error: unknown) => {
      call.end();
      return (source.throw as NonNullable<AsyncIterator<T>['throw']>)(error);
    };
  return observed;
}

function isOurs(event: unknown, asked: Asking): boolean {
  if (typeof event !== 'object' || event === null) return false;
  try {
    if (asked.isAnswer(event as Record<string, unknown>)) return true;
    asked.strip(event as Record<string, unknown>);
  } catch (error) {
    failed(error);
  }
  return false;
}

import type { Call } from './call.ts';

/** What whoever reads an answer tells of it. */
export type Listener = Pick<Call, 'request' | 'libraryReads' | 'body' | 'event' | 'complete' | 'end' | 'fail'> & {
  /** Wants the text as it comes, in place of what it means; false when it wants no more of it. Does not throw. */
  readonly text?: (text: string, end: boolean) => boolean;
};

/** Listens to nothing: for a second reader of an answer that is observed already. */
export function deaf({ request }: Pick<Listener, 'request'>): Listener {
  const nothing = (): void => {};
  return {
    request,
    libraryReads: false,
    body: nothing,
    event: nothing,
    complete: nothing,
    end: nothing,
    fail: nothing,
  };
}

/** For a look at an answer that is made in the background: only the finished answer says anything of the call. */
export function patient(call: Call): Listener {
  const nothing = (): void => {};
  return {
    request: call.request,
    libraryReads: false,
    body: (body) => call.body(body),
    event: (event) => call.event(event),
    complete: () => call.complete(),
    end: nothing,
    fail: nothing,
  };
}

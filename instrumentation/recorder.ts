import { context, trace, type Attributes, type SpanContext } from '@opentelemetry/api';
import type { Json, WireApi } from './apis/api.ts';
import { Call } from './call.ts';
import type { FinishedCall } from './finished-call.ts';
import { beneath } from './claim.ts';
import type { ContentCapture } from './content.ts';
import { failed, guarded } from './contain.ts';
import type { Admission } from './guard/guard.ts';
import { serverOf } from './provider.ts';
import type { OpenCall } from './recording.ts';
import { currentTags, type TagSources } from './tags.ts';

/** Where a call goes. `url` may be that of the API's root. */
export interface CallPlace {
  readonly url: string;
  readonly path: string;
  /** The guard is asked: whoever begins the call looks at its `admission`, and sends nothing where it is refused. */
  readonly guarded?: true;
}

/** Where calls begin, and where they are known while they are open. */
export interface Recorder {
  /** A call of the code that runs now, with its tags and under its active span. Undefined when that failed. */
  begin(api: WireApi, body: Json, place: CallPlace, provider: string): Call | undefined;
  /** Ends the call when `response` is garbage: the application never read it, and never will. */
  watch(response: object, call: Call): void;
  /** Forgets a call that another hook has recorded. */
  drop(call: Call): void;
  /** Ends every open call with what is known: the process is about to end. */
  abandon(): void;
}

export interface Recorded {
  /** Asked before a call begins; false where nothing is recorded. */
  readonly began?: () => boolean;
  /** A call is over. */
  readonly emit: (finished: FinishedCall) => void;
  /** A call is open for more than a second; what is given here comes back with it when it is over. */
  readonly announce?: (call: OpenCall) => unknown;
  readonly capture?: ContentCapture | undefined;
  /** What the guard says to a call. Does not throw. */
  readonly admit?: (call: Call, tags: Attributes, parent: SpanContext | undefined, body: Json) => Admission | undefined;
}

/** How long a call is open before it is announced, and how often is looked. */
const announcedAfterMs = 1000;
const lookEveryMs = 250;

export function createRecorder(sources: TagSources, { began, emit, announce, capture, admit }: Recorded): Recorder {
  const open = new Set<Call>();
  // One timer for all calls: a timer for each would cost every short one too.
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    const until = performance.now() - announcedAfterMs;
    for (const call of open) {
      // Most calls are over by now. To be told of what is garbage costs more than all else that is done for a call.
      if (call.held !== undefined) {
        unread.register(call.held, call, call);
        call.watched = true;
        call.held = undefined;
      }
      if (announce !== undefined && !call.announced && call.clock <= until)
        guarded(() => call.announce((opened) => announce(opened)));
    }
    if (open.size > 0) lookLater();
  };
  const lookLater = (): void => {
    timer = setTimeout(look, lookEveryMs);
    timer.unref();
  };
  const unread = new FinalizationRegistry<Call>((call) => {
    if (!call.waiting) call.end();
  });
  const done = (call: Call, finished: FinishedCall): void => {
    open.delete(call);
    if (call.watched) unread.unregister(call);
    call.held = undefined;
    call.admission?.ended(call.counts, call.answeredBy);
    try {
      emit(finished);
    } catch (error) {
      failed(error);
    }
  };
  return {
    begin: (api, body, { url, path, guarded: asks }, provider) => {
      try {
        if (began?.() === false) return undefined;
        const active = context.active();
        const tags = currentTags(sources, active);
        const parent = trace.getSpanContext(active);
        const call = new Call({ api, body, path, server: serverOf(url), provider, tags, parent, capture }, done);
        if (asks === true) call.admission = admit?.(call, tags, parent, body);
        if (call.admission?.refusal !== undefined) {
          call.ended = true;
          return call;
        }
        open.add(call);
        if (timer === undefined) lookLater();
        const above = beneath.getStore();
        if (above !== undefined) above.seen = true;
        return call;
      } catch (error) {
        failed(error);
        return undefined;
      }
    },
    watch: (response, call) => {
      if (!call.ended) call.held = response;
    },
    drop: (call) => {
      open.delete(call);
      call.ended = true;
      call.admission?.ended(undefined, undefined);
    },
    abandon: () => {
      for (const call of open) call.end();
    },
  };
}

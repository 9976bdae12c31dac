import { context, trace } from '@opentelemetry/api';
import type { Json, WireApi } from './apis/api.ts';
import { Call, type FinishedCall } from './call.ts';
import { guarded } from './guard.ts';
import { serverOf } from './provider.ts';
import { currentTags, type TagSources } from './tags.ts';

/** Where a call goes. `url` may be that of the API's root. */
export interface CallPlace {
  readonly url: string;
  readonly path: string;
}

/** Where calls begin, and where they are known while they are open. */
export interface Recorder {
  /** A call of the code that runs now, with its tags and under its active span. Undefined when that failed. */
  begin(api: WireApi, body: Json, place: CallPlace, provider: string): Call | undefined;
  /** Ends the call when `response` is garbage: the application never read it, and never will. */
  watch(response: object, call: Call): void;
  /** Ends every open call with what is known: the process is about to end. */
  abandon(): void;
}

/** `emit` is given every finished call; `began` is called for each that begins. */
export function createRecorder(
  sources: TagSources,
  emit: (finished: FinishedCall) => void,
  began: () => void = () => {},
): Recorder {
  const open = new Set<Call>();
  const unread = new FinalizationRegistry<Call>((call) => {
    if (!call.waiting) call.end();
  });
  const done = (call: Call, finished: FinishedCall): void => {
    open.delete(call);
    unread.unregister(call);
    guarded(() => emit(finished));
  };
  return {
    begin: (api, body, { url, path }, provider) =>
      guarded(() => {
        const active = context.active();
        const tags = currentTags(sources, active);
        const parent = trace.getSpanContext(active);
        const call = new Call({ api, body, path, server: serverOf(url), provider, tags, parent }, done);
        open.add(call);
        began();
        return call;
      }),
    watch: (response, call) => {
      if (!call.ended) unread.register(response, call, call);
    },
    abandon: () => {
      for (const call of open) call.end();
    },
  };
}

import { trace, type Context } from '@opentelemetry/api';
import type { FinishedCall } from './finished-call.ts';
import { guarded } from './contain.ts';
import { currentTags, type TagSources } from './tags.ts';

/** Where finished calls go. The preload fills the slot; `import 'spanledger'` is another copy of this file. */
export interface Emitter {
  readonly sources: TagSources;
  /** False where nothing is recorded. */
  emit(finished: FinishedCall): boolean;
}
const slot = Symbol.for('spanledger.emitter');
const shared = globalThis as { [slot]?: Emitter };

export function setEmitter(emitter: Emitter): void {
  shared[slot] = emitter;
}

/** Emits what `finish` makes of the tags in force; false where nothing is recorded because there is no preload. */
export function emitNow(
  active: Context,
  finish: (tags: ReturnType<typeof currentTags>) => Omit<FinishedCall, 'parent'>,
): boolean {
  const emitter = shared[slot];
  if (emitter === undefined) return false;
  const done = guarded(() =>
    emitter.emit({ ...finish(currentTags(emitter.sources, active)), parent: trace.getSpanContext(active) }),
  );
  return done ?? false;
}

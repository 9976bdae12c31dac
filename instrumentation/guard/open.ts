import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { Json } from '../apis/api.ts';
import type { Call } from '../call.ts';
import { guarded } from '../contain.ts';
import type { Admission, Guard } from './guard.ts';
import type { startGuard } from './start.ts';

interface Loading {
  readonly loadGuard: () => { readonly startGuard: typeof startGuard };
  readonly say: (line: string) => void;
}

const observedAfterMs = 2000;
/** As start.ts keeps it: whoever asks it by hand has started it. */
const slot = Symbol.for('spanledger.guard');
const running = globalThis as { [slot]?: Guard };

/** The guard as the instrumentation asks it. */
export interface Gatekeeper {
  /** The first call is about to be made. */
  began(): void;
  readonly admit: (call: Call, tags: Attributes, parent: SpanContext | undefined, body: Json) => Admission | undefined;
}

/**
 * Starts the guard when it is needed: with the application where it may refuse calls, so that it knows of budgets as soon as
 * can be; else some time after the first call, so that what ends soon has nothing of it.
 */
export function openGuard(env: NodeJS.ProcessEnv, { loadGuard, say }: Loading): Gatekeeper {
  let guard: Guard | undefined;
  const mode = env['SPANLEDGER_GUARD'] || 'observe';
  const start = (): void => {
    guard ??= guarded(() => loadGuard().startGuard(env, say));
  };
  let begun = mode === 'off';
  if (mode === 'cap' || mode === 'throttle') {
    begun = true;
    start();
  }
  return {
    began() {
      if (begun) return;
      begun = true;
      setTimeout(start, observedAfterMs).unref();
    },
    admit: (call, tags, parent, body) => (guard ??= running[slot])?.admitCall(call, tags, parent, body),
  };
}

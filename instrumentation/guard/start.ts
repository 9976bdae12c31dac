import { Guard } from './guard.ts';
import { startFeed } from './feed.ts';
import { startLeasing } from './leasing.ts';
import { readGuardSettings } from './settings.ts';
import { State } from './state.ts';

const slot = Symbol.for('spanledger.guard');
const shared = globalThis as { [slot]?: Guard };

/** The guard of this process, if it was started. */
export function runningGuard(): Guard | undefined {
  return shared[slot];
}

/** Starts the guard of this process as its environment says; the second time it gives the one that is there. */
export function startGuard(env: NodeJS.ProcessEnv, say: (line: string) => void): Guard {
  const running = shared[slot];
  if (running !== undefined) return running;
  const settings = readGuardSettings(env);
  for (const mistake of settings.mistakes) say(mistake);
  const said = new Set<string>();
  const once = (line: string): void => {
    if (said.has(line)) return;
    said.add(line);
    say(line);
  };
  const guard = new Guard(settings, new State(), say);
  shared[slot] = guard;
  const { url, token, mode } = settings;
  if (mode !== 'off' && url !== undefined) {
    startFeed({ url, token, state: guard.state, say: once });
    startLeasing({ url: new URL('leases', url), token, state: guard.state, say: once });
  }
  return guard;
}

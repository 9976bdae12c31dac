/**
 * Whatever goes wrong in the instrumentation is counted and stays here: it never reaches the application.
 * The count lives in a slot of the process, because the bundled preload and `import 'spanledger'` are two copies.
 */
const slot = Symbol.for('spanledger.failures');
const store = globalThis as { [slot]?: { count: number; last: unknown } };

/** Runs `work`; undefined when it throws. */
export function guarded<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    failed(error);
    return undefined;
  }
}

export function failed(error: unknown): void {
  const failures = (store[slot] ??= { count: 0, last: undefined });
  failures.count++;
  failures.last = error;
}

/** How often something went wrong in the instrumentation since the process started. */
export function failureCount(): number {
  return store[slot]?.count ?? 0;
}

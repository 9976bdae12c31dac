/** A door that many pass at the same time, and that is closed for a moment now and then. */
export interface Gate {
  /** Does some work once the door is open; it stays within until it ends. Not to be called from within. */
  pass<T>(work: () => Promise<T>): Promise<T>;
  /** Lets in nobody, waits until all have left, does its work, and opens again. One after the other. */
  closed<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * @example
 * const gate = createGate();
 * await gate.pass(() => ingest(request));
 * await gate.closed(() => budgets.start()); // nothing is appended meanwhile
 */
export function createGate(): Gate {
  const within = new Set<Promise<unknown>>();
  /** Closed, until it resolves. */
  const door: { closed?: Promise<unknown> | undefined } = {};

  async function pass<T>(work: () => Promise<T>): Promise<T> {
    while (door.closed !== undefined) await door.closed;
    const working = work();
    within.add(working);
    try {
      return await working;
    } finally {
      within.delete(working);
    }
  }

  async function closed<T>(work: () => Promise<T>): Promise<T> {
    while (door.closed !== undefined) await door.closed;
    const working = Promise.allSettled(within).then(work);
    const over = working.then(
      () => undefined,
      () => undefined,
    );
    door.closed = over;
    try {
      return await working;
    } finally {
      if (door.closed === over) door.closed = undefined;
    }
  }

  return { pass, closed };
}

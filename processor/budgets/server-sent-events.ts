/** Whoever is told: an HTTP response, written to as it is. */
export interface Listener {
  write(text: string): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
  readonly writableLength: number;
  readonly destroyed: boolean;
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function event(name: string, data: object, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Resolves once more may be written, or it is closed. */
export async function drained(listener: Listener): Promise<void> {
  if (listener.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      listener.off('drain', done);
      listener.off('close', done);
      resolve();
    };
    listener.once('drain', done);
    listener.once('close', done);
  });
}

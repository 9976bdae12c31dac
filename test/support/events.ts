import { get, type IncomingMessage } from 'node:http';

export interface ServerEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventStream {
  readonly status: number;
  readonly events: readonly ServerEvent[];
  /** The next event of this name that was not answered yet. */
  next(name: string): Promise<ServerEvent>;
  close(): void;
}

/** Server-sent events of a real server. */
export async function openEvents(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers }, resolve).on('error', reject);
  });
  const events: ServerEvent[] = [];
  let taken = 0;
  let wake = (): void => {};
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const [event, data] = [field('event'), field('data')];
      if (event !== undefined && data !== undefined)
        events.push({ event, id: field('id'), data: JSON.parse(data) as ServerEvent['data'] });
    }
    wake();
  });
  // Cut when the test closes it.
  response.on('error', () => {});
  return {
    status: response.statusCode ?? 0,
    events,
    async next(name) {
      for (;;) {
        const at = events.findIndex(({ event }, index) => index >= taken && event === name);
        const found = events[at];
        if (found !== undefined) {
          taken = at + 1;
          return found;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    close: () => response.destroy(),
  };
}

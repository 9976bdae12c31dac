/** The real processor, as `spanledger serve` starts it, on free ports of loopback and in a folder of its own. */
import { resolve } from 'node:path';
import { startChild, type Child } from './processes.ts';

export interface RunningProcessor extends Child {
  /** For OTLP, without `/v1/traces`. */
  readonly otlpUrl: string;
  /** For the API and the page. */
  readonly apiUrl: string;
}

export interface ProcessorOptions {
  /** Ports of loopback; 0 takes a free one. */
  readonly otlp?: string;
  readonly api?: string;
  /** Where spans are sent on to. */
  readonly forward?: string | undefined;
}

/** Ledger, budgets.yaml and spanledger.yaml are those of `folder`. */
export async function startProcessor(
  folder: string,
  { otlp: otlpPort = '0', api: apiPort = '0', forward }: ProcessorOptions = {},
): Promise<RunningProcessor> {
  const child = await startChild({
    name: 'the processor',
    args: [resolve(import.meta.dirname, '../processor/bin.cjs'), 'serve'],
    cwd: folder,
    env: {
      SPANLEDGER_LISTEN_OTLP: `127.0.0.1:${otlpPort}`,
      SPANLEDGER_LISTEN_API: `127.0.0.1:${apiPort}`,
      ...(forward === undefined ? {} : { SPANLEDGER_FORWARD_ENDPOINT: forward }),
    },
    ready: /OTLP \S*:(?<otlp>\d+) .*page \S*:(?<api>\d+)/,
  });
  const { otlp = '', api = '' } = child.match.groups ?? {};
  return { ...child, otlpUrl: `http://127.0.0.1:${otlp}`, apiUrl: `http://127.0.0.1:${api}` };
}

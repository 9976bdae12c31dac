/** An OTLP/gRPC client that sends bytes, and shows all of the answer. */
import {
  Client,
  credentials as Credentials,
  Metadata,
  type ChannelCredentials,
  type ClientOptions,
} from '@grpc/grpc-js';

const services = {
  traces: 'trace.v1.TraceService',
  logs: 'logs.v1.LogsService',
  metrics: 'metrics.v1.MetricsService',
  profiles: 'profiles.v1development.ProfilesService',
} as const;

export interface ExportOptions {
  readonly signal?: keyof typeof services;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly credentials?: ChannelCredentials;
  readonly client?: ClientOptions;
  readonly deadlineMs?: number;
}

export interface GrpcAnswer {
  /** 0 is OK. */
  readonly code: number;
  readonly message: string;
  readonly body: Buffer;
  /** google.rpc.Status with its details, if there was one. */
  readonly status: Buffer | undefined;
}

/** @example (await exportTo(receiver.url, encodeProtobuf(request(chatSpan(1))))).code // 0 */
export async function exportTo(url: string, body: Uint8Array, options: ExportOptions = {}): Promise<GrpcAnswer> {
  const { signal = 'traces', metadata = {}, credentials = Credentials.createInsecure(), deadlineMs = 10_000 } = options;
  const client = new Client(new URL(url).host, credentials, {
    'grpc.max_receive_message_length': -1,
    'grpc.enable_retries': 0,
    ...options.client,
  });
  const head = new Metadata();
  for (const [name, value] of Object.entries(metadata)) head.set(name, value);
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        `/opentelemetry.proto.collector.${services[signal]}/Export`,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes) => bytes,
        body,
        head,
        { deadline: Date.now() + deadlineMs },
        (error, answer = Buffer.alloc(0)) => {
          const [status] = error?.metadata?.get('grpc-status-details-bin') ?? [];
          resolve({
            code: error?.code ?? 0,
            message: error?.details ?? '',
            body: answer,
            status: status === undefined ? undefined : Buffer.from(status),
          });
        },
      );
    });
  } finally {
    client.close();
  }
}

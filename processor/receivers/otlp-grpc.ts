import {
  Metadata,
  ResponderBuilder,
  Server,
  ServerInterceptingCall,
  ServerListenerBuilder,
  type handleUnaryCall,
  type MethodDefinition,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import type { Access } from '../access.ts';
import { addressRefused, formatAddress } from '../address.ts';
import { HOP_HEADER } from '../hop.ts';
import type { Counters } from '../metrics.ts';
import { exportResponse, rpcCodes, statusBody, type RpcStatus, type Signal } from '../otlp/index.ts';
import { LOOP } from './head.ts';
import { MAX_BODY, MAX_IN_FLIGHT, sharedMemory } from './memory.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';
import { refusalFor } from './refusal.ts';
import { grpcCredentials } from './tls.ts';

const services: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
};
/** Requests of one connection at once. */
const MAX_STREAMS = 64;
/** A connection whose other end has vanished is noticed by asking it, and closed. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 60_000, 'grpc.keepalive_timeout_ms': 20_000 };
const DRAIN_MS = 10_000;
/**
 * Characters of an error. It travels in headers, as text and twice in the details, of which many clients take 8 KiB in all;
 * beyond that the whole answer is a broken stream for them, which they may not send again.
 */
const MAX_ERROR = 400;
/** Where gRPC carries a google.rpc.Status with its details. */
const DETAILS = 'grpc-status-details-bin';

/**
 * OTLP/gRPC: the three export services. Messages are handed on as bytes; gRPC's own library only frames and decompresses
 * them. A message beyond the limit is RESOURCE_EXHAUSTED without RetryInfo, so that nobody sends it again.
 *
 * @example const receiver = await startOtlpGrpc({ address: parseAddress(':4317'), intake, access, counters, onError });
 */
export async function startOtlpGrpc(options: ReceiverOptions): Promise<Receiver> {
  const { address, intake, access, counters, onError, tls } = options;
  const { maxBody = MAX_BODY, lend = sharedMemory(MAX_IN_FLIGHT) } = options;

  function exporting(signal: Signal): handleUnaryCall<Buffer, Uint8Array> {
    const receive = async (body: Buffer): Promise<Uint8Array> => {
      const lease = lend();
      try {
        lease.grow(body.length);
        const { warning } = await intake[signal](body, 'protobuf');
        return exportResponse('protobuf', warning);
      } finally {
        lease.release();
      }
    };
    return ({ request }, answer) => {
      receive(request).then(
        (response) => answer(null, response),
        (error: unknown) => {
          const { code, http, status } = refusalFor(error);
          if (http === 503) onError(error);
          counters.add('refused_requests', 1, code);
          answer(failure(status));
        },
      );
    };
  }

  const server = new Server({
    'grpc.max_receive_message_length': maxBody,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    ...KEEPALIVE,
    interceptors: [gate(access, counters)],
  });
  for (const [signal, path] of Object.entries(services))
    server.addService({ Export: rawUnary(path) }, { Export: exporting(signal as Signal) });

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(formatAddress(address), grpcCredentials(tls), (error, bound) =>
      error === null ? resolve(bound) : reject(addressRefused(error, address, 'OTLP/gRPC')),
    );
  });
  let stopped: Promise<void> | undefined;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${formatAddress({ host: address.host, port })}`,
    stop: () =>
      (stopped ??= new Promise((resolve) => {
        const cut = setTimeout(() => server.forceShutdown(), DRAIN_MS);
        server.tryShutdown(() => {
          clearTimeout(cut);
          resolve();
        });
      })),
  };
}

/** Refuses by the head of a request, before its message is read. */
function gate(access: Access, counters: Pick<Counters, 'add'>): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(
      call,
      new ResponderBuilder()
        .withStart((next) => {
          const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, goOn) => {
            const refused = refusedByHead(metadata, access);
            if (refused === undefined) return goOn(metadata);
            counters.add('refused_requests', 1, refused.code === rpcCodes.unauthenticated ? 'token' : 'loop');
            return call.sendStatus(failure(refused));
          });
          next(listener.build());
        })
        .build(),
    );
}

function refusedByHead(metadata: Metadata, access: Access): RpcStatus | undefined {
  const [authorization] = metadata.get('authorization');
  if (!access.allows(authorization?.toString(), 'ingest'))
    return { code: rpcCodes.unauthenticated, message: 'a bearer token with the scope "ingest" is needed' };
  return metadata.get(HOP_HEADER).length > 0 ? { code: rpcCodes.failedPrecondition, message: LOOP } : undefined;
}

function failure({ message: said, ...status }: RpcStatus): {
  code: RpcStatus['code'];
  details: string;
  metadata: Metadata;
} {
  const message = said.length > MAX_ERROR ? `${said.slice(0, MAX_ERROR)}…` : said;
  const metadata = new Metadata();
  metadata.set(DETAILS, Buffer.from(statusBody('protobuf', { ...status, message })));
  return { code: status.code, details: message, metadata };
}

function rawUnary(path: string): MethodDefinition<Buffer, Uint8Array> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (body) => body,
    requestDeserialize: (body) => body,
    responseSerialize: (body) => Buffer.from(body),
    responseDeserialize: (body) => body,
  };
}

import type { IncomingMessage } from 'node:http';
import type { Access } from '../access.ts';
import { HOP_HEADER } from '../hop.ts';
import { contentTypes, rpcCodes, signals, type Encoding, type Signal } from '../otlp/index.ts';
import { codingNames, type Coding } from './decompress.ts';
import type { Refusal } from './refusal.ts';

const paths: ReadonlyMap<string, Signal> = new Map(signals.map((signal) => [`/v1/${signal}`, signal]));

/** The signal that a request's path names. */
export function signalOf({ url = '' }: IncomingMessage): Signal | undefined {
  return paths.get(url.split('?', 1)[0] ?? '');
}

/** Why a request is refused that bears the mark of a Spanledger. */
export const LOOP = `a Spanledger forwarded this already (${HOP_HEADER}): the pipeline runs in a circle, check "forward"`;

/** What is wrong with a request as far as its head tells, before any of its body is read; undefined when nothing is. */
export function refusedByHead(request: IncomingMessage, access: Access): Refusal | undefined {
  if (signalOf(request) === undefined)
    return refuse(
      'not_found',
      404,
      rpcCodes.notFound,
      `there is nothing here; OTLP goes to ${[...paths.keys()].join(', ')}`,
    );
  if (request.method !== 'POST')
    return refuse('method', 405, rpcCodes.unimplemented, 'only POST is taken here', { allow: 'POST' });
  if (!access.allows(request.headers.authorization, 'ingest')) {
    const wanted = { 'www-authenticate': 'Bearer realm="spanledger"' };
    return refuse('token', 401, rpcCodes.unauthenticated, 'a bearer token with the scope "ingest" is needed', wanted);
  }
  if (request.headers[HOP_HEADER] !== undefined) {
    return refuse('loop', 400, rpcCodes.failedPrecondition, LOOP);
  }
  if (encodingOf(request) === undefined) {
    const given = request.headers['content-type'] ?? '';
    const why = `Content-Type must be ${contentTypes.protobuf} or ${contentTypes.json}, not "${given}"`;
    const accept = { accept: `${contentTypes.protobuf}, ${contentTypes.json}` };
    return refuse('content_type', 415, rpcCodes.invalidArgument, why, accept);
  }
  if (codingOf(request) === undefined) {
    const why = `Content-Encoding must be ${codingNames.join(', ')} or none, not "${request.headers['content-encoding']}"`;
    const accept = { 'accept-encoding': [...codingNames, 'identity'].join(', ') };
    return refuse('content_encoding', 415, rpcCodes.invalidArgument, why, accept);
  }
  return undefined;
}

/** By the media type alone: a charset beside it changes nothing. */
export function encodingOf({ headers }: IncomingMessage): Encoding | undefined {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.protobuf || type === 'application/protobuf') return 'protobuf';
  return type === contentTypes.json ? 'json' : undefined;
}

/** Undefined for one that is not known. */
export function codingOf({ headers }: IncomingMessage): Coding | 'identity' | undefined {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  return coding === '' || coding === 'identity' ? 'identity' : codingNames.find((name) => name === coding);
}

function refuse(
  code: string,
  http: number,
  rpc: Refusal['status']['code'],
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return { code, http, status: { code: rpc, message }, headers };
}

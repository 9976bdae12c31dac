import type { IncomingMessage } from 'node:http';
import type { Access } from '../access.ts';
import { HOP_HEADER } from '../hop.ts';
import { contentTypes, rpcCodes, type Encoding } from '../otlp/index.ts';
import type { Refusal } from './refusal.ts';

export const TRACES = '/v1/traces';

/** What is wrong with a request as far as its head tells, before any of its body is read; undefined when nothing is. */
export function refusedByHead(request: IncomingMessage, access: Access): Refusal | undefined {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path === '/v1/logs' || path === '/v1/metrics')
    return refuse(
      'not_found',
      404,
      rpcCodes.unimplemented,
      `${path} is not read by this version; send traces to ${TRACES}`,
    );
  if (path !== TRACES)
    return refuse('not_found', 404, rpcCodes.notFound, `there is nothing here; send traces to ${TRACES}`);
  if (request.method !== 'POST')
    return refuse('method', 405, rpcCodes.unimplemented, 'only POST is taken here', { allow: 'POST' });
  if (!access.allows(request.headers.authorization, 'ingest')) {
    const wanted = { 'www-authenticate': 'Bearer realm="spanledger"' };
    return refuse('token', 401, rpcCodes.unauthenticated, 'a bearer token with the scope "ingest" is needed', wanted);
  }
  if (request.headers[HOP_HEADER] !== undefined) {
    const why = `a Spanledger forwarded these spans already (${HOP_HEADER}): the pipeline runs in a circle, check "forward"`;
    return refuse('loop', 400, rpcCodes.failedPrecondition, why);
  }
  if (encodingOf(request) === undefined) {
    const given = request.headers['content-type'] ?? '';
    const why = `Content-Type must be ${contentTypes.protobuf} or ${contentTypes.json}, not "${given}"`;
    const accept = { accept: `${contentTypes.protobuf}, ${contentTypes.json}` };
    return refuse('content_type', 415, rpcCodes.invalidArgument, why, accept);
  }
  const coding = codingOf(request);
  if (coding !== 'gzip' && coding !== 'identity') {
    const why = `Content-Encoding must be gzip or none, not "${coding}"`;
    return refuse('content_encoding', 415, rpcCodes.invalidArgument, why, { 'accept-encoding': 'gzip, identity' });
  }
  return undefined;
}

/** By the media type alone: a charset beside it changes nothing. */
export function encodingOf({ headers }: IncomingMessage): Encoding | undefined {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.protobuf || type === 'application/protobuf') return 'protobuf';
  return type === contentTypes.json ? 'json' : undefined;
}

export function codingOf({ headers }: IncomingMessage): string {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  return coding === '' ? 'identity' : coding;
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

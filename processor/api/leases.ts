import express, { type RequestHandler } from 'express';
import { z } from 'zod';
import type { Access } from '../access.ts';
import type { Claim, Grant, Leases } from '../budgets/leases.ts';
import { Problem } from './problem.ts';
import { INSTANCE } from './state.ts';

/** As many as a guard holds. */
const MOST_CLAIMS = 10_000;

const amount = z
  .string()
  .regex(/^\d{1,30}$/)
  .transform(BigInt);
const name = z.string().min(1).max(200);
const claim = z.object({
  lease: z.string().regex(/^\d{1,15}$/),
  budget: name,
  values: z.array(z.string().max(1000)).max(20),
  start_ms: z.number().int(),
  terms: z.number().int().nonnegative(),
  granted: amount,
  returned: amount,
  settled: amount,
  unseen: amount,
  want: amount,
});
const request = z.object({ instance: z.string().regex(INSTANCE), claims: z.array(claim).max(MOST_CLAIMS) });

/** Only those who may hear how budgets stand. */
export function guardsOnly(access: Access): RequestHandler {
  return ({ headers }, response, next) => {
    if (!access.allows(headers.authorization, 'guard')) {
      response.set('WWW-Authenticate', 'Bearer realm="spanledger"');
      throw new Problem(401, 'unauthorized', 'send "Authorization: Bearer TOKEN" with a token of the scope "guard"');
    }
    next();
  };
}

/** `POST /api/v1/budgets/leases`: what a guard may spend of caps that are leased. */
export function leasesRoute(leases: Pick<Leases, 'ask'>): readonly RequestHandler[] {
  return [
    express.json({ limit: '8mb', type: '*/*' }),
    ({ body }, response) => {
      const { instance, claims } = readClaims(body);
      response.json(grantsJson(leases.ask(instance, claims)));
    },
  ];
}

/** Throws a Problem that names the field. */
export function readClaims(body: unknown): { readonly instance: string; readonly claims: readonly Claim[] } {
  const read = request.safeParse(body);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue?.path.join('.') || 'the body';
    throw new Problem(400, 'invalid_query', `${where}: ${issue?.message ?? 'unreadable'}`);
  }
  const { instance, claims } = read.data;
  return {
    instance,
    claims: claims.map(({ start_ms: startMs, ...rest }): Claim => Object.assign(rest, { startMs })),
  };
}

export function grantsJson(grants: readonly Grant[]): object {
  return {
    grants: grants.map(({ lease, granted, free }) => ({ lease, granted: String(granted), free: String(free) })),
  };
}

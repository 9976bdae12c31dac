import { AsyncLocalStorage } from 'node:async_hooks';
import type { Call } from './call.ts';

/** A client hook watches what runs here, so the layers below it keep silent once it has begun a call. */
export interface Claim {
  made: boolean;
}
const claims = new AsyncLocalStorage<Claim>();

export function claiming<T>(claim: Claim, work: () => T): T {
  return claims.run(claim, work);
}

/**
 * The same on the request itself, where the client hook sees it before it is sent: a store of its own for every call costs
 * more than the rest of the call's observation.
 */
export const claimed: unique symbol = Symbol('spanledger.claimed');

export function isClaimed(): boolean {
  return claims.getStore()?.made === true;
}

/** Whether a call was begun beneath a framework's own operation: then the framework's word for it is not needed. */
export interface Beneath {
  seen: boolean;
}
export const beneath = new AsyncLocalStorage<Beneath>();

/**
 * One logical call of a client library that sends its requests with fetch: what the layer below sees in it are attempts of
 * one call, and `provider` is who is called, whatever the host is named.
 */
export interface Logical {
  readonly provider: string;
  call: Call | undefined;
  /** The last attempt was answered with this status, and the library may try again. */
  status: number | undefined;
  /** The guard has not let it go out. */
  refusal?: Error;
}
const logicals = new AsyncLocalStorage<Logical>();

export function currentLogical(): Logical | undefined {
  return logicals.getStore();
}

/** Runs the request of a client library; when it has settled, so has the call, unless its answer is still to be read. */
export function asLogicalCall<T>(provider: string, work: () => Promise<T>): Promise<T> {
  const logical: Logical = { provider, call: undefined, status: undefined };
  return logicals.run(logical, work).then(
    (value) => {
      if (logical.refusal !== undefined) throw logical.refusal;
      if (logical.status !== undefined) logical.call?.failStatus(logical.status);
      return value;
    },
    (error: unknown) => {
      // What the library makes of the answer in its place is no use to anybody.
      if (logical.refusal !== undefined) throw logical.refusal;
      if (logical.status === undefined) logical.call?.fail(error);
      else logical.call?.failStatus(logical.status);
      throw error;
    },
  );
}

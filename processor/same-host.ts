import type { RequestHandler } from 'express';
import { Problem } from './api/problem.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Refuses requests that a browser sends to this machine under somebody else's name: a page on the web can make its own
 * name mean 127.0.0.1 (DNS rebinding) and would then read whatever is open to everybody on loopback. Only for a listener
 * that needs no token; behind a proxy that passes its own name on, set one.
 */
export const loopbackNamesOnly: RequestHandler = (request, _response, next) => {
  const host = request.get('host') ?? '';
  if (!LOOPBACK.test(host))
    throw new Problem(
      403,
      'wrong_host',
      `this address answers to localhost only, not to "${host.slice(0, 80)}"; set SPANLEDGER_TOKEN_READ to reach it under other names`,
    );
  next();
};

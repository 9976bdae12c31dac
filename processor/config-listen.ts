import { covers, type AccessScope } from './access.ts';
import { formatAddress, isLoopback } from './address.ts';
import type { Config } from './config.ts';
import { SpanledgerError } from './errors.ts';

/** Port 0 is any free one. */
export function sameAddress({ otlp, grpc, api }: Config['listen']): string[] {
  const named = Object.entries({ otlp, grpc, api }).flatMap(([name, address]) =>
    typeof address === 'object' && address.port !== 0 ? [[`listen.${name}`, formatAddress(address)] as const] : [],
  );
  return named.flatMap(([name, address], index) => {
    const other = named.slice(0, index).find(([, taken]) => taken === address);
    return other === undefined ? [] : [`${name}: ${address} is ${other[0]} already`];
  });
}

/** An address that strangers reach must know who they are, unless somebody said in words that it need not. */
export function requireProtected({ listen, tokens }: Config): void {
  const listeners: readonly (readonly ['otlp' | 'grpc' | 'api', AccessScope])[] = [
    ['otlp', 'ingest'],
    ['grpc', 'ingest'],
    ['api', 'read'],
  ];
  for (const [name, scope] of listeners) {
    const address = listen[name];
    if (address === undefined || listen.insecure || isLoopback(address) || tokens.some((token) => covers(token, scope)))
      continue;
    throw new SpanledgerError(
      'insecure_address',
      `listen.${name}: ${formatAddress(address)} can be reached from outside and no token has the scope "${scope}"; ` +
        `set SPANLEDGER_TOKEN_${scope.toUpperCase()}, or "listen.insecure: true" if anybody may use it`,
    );
  }
}

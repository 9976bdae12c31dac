import { parsePairs } from '../settings.ts';
import { ceilingKinds, readCeiling, type CeilingSettings } from './ceilings.ts';

export const guardModes = ['off', 'observe', 'throttle', 'cap'] as const;
/**
 * What is done without being asked: nothing is looked at; what would have been done is counted; models are replaced; calls
 * are refused too.
 */
export type GuardMode = (typeof guardModes)[number];

/** What the environment asks of the guard. */
export interface GuardSettings {
  /** `SPANLEDGER_GUARD`. */
  readonly mode: GuardMode;
  /** `SPANLEDGER_GUARD_FAIL=closed`: refuse calls while the processor was never heard. */
  readonly closed: boolean;
  /** Where the processor tells how budgets stand: `SPANLEDGER_API_ENDPOINT`, else port 9464 of where spans go. */
  readonly url: URL | undefined;
  /** `SPANLEDGER_TOKEN_GUARD`. */
  readonly token: string | undefined;
  /** `SPANLEDGER_GUARD_PER_TRACE`, `_PER_SESSION`, `_PER_TASK`. */
  readonly ceilings: CeilingSettings;
  /** `service` and `environment` of this process, as its spans will have them. */
  readonly resource: Readonly<Record<string, string>>;
  /** What can't be meant as it stands, one line each. */
  readonly mistakes: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const PATH = '/api/v1/budgets/state';

/** @example readGuardSettings({ SPANLEDGER_GUARD: 'cap' }).url?.href // 'http://localhost:9464/api/v1/budgets/state' */
export function readGuardSettings(env: Environment): GuardSettings {
  const mistakes: string[] = [];
  const asked = env['SPANLEDGER_GUARD'] || 'observe';
  const mode = guardModes.find((each) => each === asked);
  if (mode === undefined)
    mistakes.push(`SPANLEDGER_GUARD=${asked.slice(0, 20)} is not one of ${guardModes.join(', ')}; it observes`);
  const fail = env['SPANLEDGER_GUARD_FAIL'] || 'open';
  if (fail !== 'open' && fail !== 'closed') mistakes.push('SPANLEDGER_GUARD_FAIL is not open or closed; it is open');
  const ceilings: Record<string, CeilingSettings[keyof CeilingSettings]> = {};
  for (const kind of ceilingKinds) {
    const name = `SPANLEDGER_GUARD_PER_${kind.toUpperCase()}`;
    try {
      if (env[name]) ceilings[kind] = readCeiling(env[name]);
    } catch (error) {
      mistakes.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return {
    mode: mode ?? 'observe',
    closed: fail === 'closed',
    url: stateUrl(env, mistakes),
    token: env['SPANLEDGER_TOKEN_GUARD'] || undefined,
    ceilings,
    resource: resourceTags(env),
    mistakes,
  };
}

function stateUrl(env: Environment, mistakes: string[]): URL | undefined {
  const given = env['SPANLEDGER_API_ENDPOINT'];
  if (given) {
    const url = URL.parse(`${given.replace(/\/+$/, '')}${PATH}`);
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
    mistakes.push('SPANLEDGER_API_ENDPOINT is not a URL such as http://localhost:9464: no budget is known');
    return undefined;
  }
  const otlp =
    env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'] || 'http://localhost:4318';
  const host = URL.parse(otlp)?.hostname;
  return host === undefined || host === '' ? undefined : (URL.parse(`http://${host}:9464${PATH}`) ?? undefined);
}

function resourceTags(env: Environment): Readonly<Record<string, string>> {
  const given = parsePairs(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '');
  const service = env['OTEL_SERVICE_NAME'] || given['service.name'] || 'unknown_service:node';
  const environment = given['deployment.environment.name'] ?? given['deployment.environment'];
  return environment === undefined ? { service } : { service, environment };
}

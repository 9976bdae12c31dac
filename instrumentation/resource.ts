import type { Attributes } from '@opentelemetry/api';
import { defaultResource } from '@opentelemetry/resources';
import { parsePairs } from './settings.ts';

/** Resource attributes that are sent. The usual detectors add the command line, where secrets sit. */
const allowed = [
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'deployment.environment.name',
  'deployment.environment',
];

/** @example resourceAttributes({ OTEL_SERVICE_NAME: 'checkout' })['service.name'] // 'checkout' */
export function resourceAttributes(env: Readonly<Record<string, string | undefined>>): Attributes {
  const given = parsePairs(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '');
  // Without the path of the executable, which the usual default carries.
  const attributes: Attributes = { ...defaultResource().attributes, 'service.name': 'unknown_service:node' };
  for (const key of allowed) if (given[key] !== undefined) attributes[key] = given[key];
  const { OTEL_SERVICE_NAME: name } = env;
  return name === undefined || name === '' ? attributes : { ...attributes, 'service.name': name };
}

import type { Json } from './apis/api.ts';

/** A form's texts; files are left where they are. */
export function formFields(form: FormData): Json {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of form) if (typeof value === 'string') fields[name] = value;
  return fields;
}

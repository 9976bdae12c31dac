/** A text of an annotation with places for values, as Prometheus writes them: `{{ $labels.customer_id }}`, `{{ $value }}`. */
export type Template = readonly (string | { readonly label: string } | { readonly value: true })[];

const PLACE = /\{\{-?\s*(.*?)\s*-?\}\}/gs;

/**
 * Reads a template. Throws a RangeError on a label that the alert will not carry, and on anything of Go's template
 * language beyond labels and the value.
 *
 * @example fill(readTemplate('{{ $labels.plan }} at {{ $value }}', ['plan']), { plan: 'pro' }, '70%') // 'pro at 70%'
 */
export function readTemplate(text: string, labels: readonly string[]): Template {
  const parts: Template[number][] = [];
  let from = 0;
  for (const match of text.matchAll(PLACE)) {
    parts.push(text.slice(from, match.index), place(match[1] ?? '', labels));
    from = match.index + match[0].length;
  }
  const rest = text.slice(from);
  if (rest.includes('{{')) throw new RangeError('"{{" is not closed by "}}"');
  return [...parts, rest].filter((part) => part !== '');
}

function place(expression: string, labels: readonly string[]): Template[number] {
  if (expression === '$value') return { value: true };
  const label = /^\$labels\.(\w+)$/.exec(expression)?.[1];
  if (label === undefined)
    throw new RangeError(`"{{ ${expression} }}" is not supported; there are {{ $labels.<name> }} and {{ $value }}`);
  if (!labels.includes(label))
    throw new RangeError(`alerts of this budget have no label "${label}"; they have ${labels.join(', ')}`);
  return { label };
}

/** Puts the values into a template. */
export function fill(template: Template, labels: Readonly<Record<string, string>>, value: string): string {
  return template
    .map((part) => (typeof part === 'string' ? part : 'label' in part ? (labels[part.label] ?? '') : value))
    .join('');
}

const wrapped = Symbol.for('spanledger.wrapped');

type AnyFunction = (this: never, ...args: never[]) => unknown;

/**
 * Replaces the method `name` of `target`, once: the new one has the old one's name and length, and stays where it was
 * (own, writable, as enumerable as before). False where there is no such method.
 */
export function wrapMethod<F extends AnyFunction>(target: object, name: string, wrapper: (original: F) => F): boolean {
  const original = (target as Record<string, unknown>)[name] as (F & { [wrapped]?: true }) | undefined;
  if (typeof original !== 'function') return false;
  if (original[wrapped] === true) return true;
  const replacement = wrapper(original);
  Object.defineProperties(replacement, {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
    [wrapped]: { value: true },
  });
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: descriptor?.enumerable ?? false,
    writable: true,
    value: replacement,
  });
  return true;
}

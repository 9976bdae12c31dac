/**
 * Elements from data, and fresh elements into a standing page. Data becomes text nodes and attributes, never markup.
 */

/** @typedef {Node | string | false | null | undefined} Child */
/** @typedef {Record<string, string | number | boolean | undefined>} Props */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props} [props] attributes; `--name` is a custom property; true is an empty attribute, false and undefined none
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    // A style attribute would be refused by the content security policy; a property of the style object is not.
    if (name.startsWith('--')) element.style.setProperty(name, String(value));
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== false && child != null) element.append(child);
  return element;
}

/**
 * Makes the children of `region` like `children` by changing only what differs: focus, selection, scroll positions and
 * opened details stay, so that a refresh never disturbs the reader. Rows are told apart by `data-key`.
 * @param {Element} region
 * @param {...Child} children
 */
export function show(region, ...children) {
  const focused = document.activeElement;
  const fresh = document.createDocumentFragment();
  for (const child of children) if (child !== false && child != null) fresh.append(child);
  matchChildren(region, fresh);
  // Moving an element takes its focus away.
  if (focused instanceof HTMLElement && focused !== document.activeElement && region.contains(focused))
    focused.focus({ preventScroll: true });
}

/**
 * @param {Element} standing
 * @param {ParentNode & Node} fresh
 */
function matchChildren(standing, fresh) {
  const keyed = new Map();
  for (const child of standing.children) if (keyOf(child) !== undefined) keyed.set(keyOf(child), child);
  let at = standing.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    const found = key === undefined ? at : keyed.get(key);
    if (found == null || keyOf(found) !== key || found.nodeName !== wanted.nodeName) {
      standing.insertBefore(wanted, at);
      continue;
    }
    if (found === at) at = found.nextSibling;
    else standing.insertBefore(found, at);
    matchNode(found, wanted);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/**
 * @param {Node} standing
 * @param {Node} wanted
 */
function matchNode(standing, wanted) {
  if (standing instanceof Text && wanted instanceof Text) {
    if (standing.data !== wanted.data) standing.data = wanted.data;
    return;
  }
  if (!(standing instanceof HTMLElement) || !(wanted instanceof HTMLElement)) return;
  // `open` belongs to the reader; `style` is set through its object, see h().
  const left = new Set(standing.getAttributeNames().filter((name) => name !== 'open' && name !== 'style'));
  for (const name of wanted.getAttributeNames()) {
    left.delete(name);
    if (name === 'style' || name === 'open') continue;
    const value = wanted.getAttribute(name) ?? '';
    if (standing.getAttribute(name) !== value) standing.setAttribute(name, value);
  }
  for (const name of left) standing.removeAttribute(name);
  if (standing.style.cssText !== wanted.style.cssText) standing.style.cssText = wanted.style.cssText;
  matchChildren(standing, wanted);
}

/** @param {Node} node */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset['key'] : undefined;
}

/**
 * An element that the page is known to have.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [within]
 * @returns {T}
 */
export function the(selector, type, within = document) {
  const element = within.querySelector(selector);
  if (element instanceof type) return element;
  throw new Error(`${selector} is missing`);
}

import { readFileSync } from 'node:fs';
import Module, { register, registerHooks } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isInternalThread } from 'node:worker_threads';
import { guarded } from './contain.ts';

/** One file of a client library: what it exports is handed to `patch` when it has been loaded. */
export interface PatchedFile {
  /** Inside the package, without extension: `client`, `core/streaming`. */
  readonly file: string;
  /**
   * The names that the file defines and the patch wants. `export name` is what the file exports by that name, whatever it
   * calls it inside (bundles are minified); the patch may put another in its place.
   */
  readonly names: readonly string[];
  /** Only some of the supported versions have it: where the shape is another, the others do. */
  readonly optional?: true;
  /** Changes prototypes in place; false where the expected shape was not found. Must be harmless when run twice. */
  patch(exports: Readonly<Record<string, unknown>>): boolean;
}

export interface ClientLibrary {
  /** The name in its package.json, whatever folder it is installed in. */
  readonly name: string;
  /** Majors that are patched, both included. */
  readonly majors: readonly [from: number, to: number];
  readonly files: readonly PatchedFile[];
  /** Not a client of a model provider: nobody needs to know. */
  readonly quiet?: true;
}

export interface HookReport {
  patched(library: ClientLibrary, version: string): void;
  /** Its major is not one that we know. */
  unsupported(library: ClientLibrary, version: string): void;
  /** Its major is known but a file was not shaped as expected. */
  unexpected(library: ClientLibrary, version: string, file: string): void;
}

type Exports = Readonly<Record<string, unknown>>;
const slot = Symbol.for('spanledger.loaded');
const shared = globalThis as { [slot]?: (url: string, exports: Exports) => void };

/**
 * Watches modules being loaded, by require and by import, and patches the files of `libraries`. Both kinds are reached from
 * `node --require`, by a line appended to the few files that are patched; every other module is passed on untouched. What
 * was required before is patched too, as far as it is exported. `asideHook` is the path of
 * hook-aside, for versions of Node that need it.
 */
export function hookModules(libraries: readonly ClientLibrary[], report: HookReport, asideHook: string): void {
  const find = createFinder(libraries, report);
  const loaded = (path: string, exports: Exports): void => {
    const found = find(path);
    if (found === undefined) return;
    const { library, version, file } = found;
    const patched = guarded(() => file.patch(exports)) === true;
    if (library.quiet === true) return;
    if (patched) report.patched(library, version);
    else if (file.optional !== true) report.unexpected(library, version, file.file);
  };
  shared[slot] = (url, exports) => guarded(() => loaded(fileURLToPath(url), exports));
  const { _cache: cache } = Module as unknown as { readonly _cache: Readonly<Record<string, NodeModule>> };
  for (const [path, module] of Object.entries(cache))
    if (module.loaded) guarded(() => loaded(path, module.exports as Exports));
  const namesOf = (path: string): readonly string[] | undefined => guarded(() => find(path))?.file.names;
  hookRequire(namesOf);
  if (isInternalThread) return;
  if (syncHooksWork()) hookImport(namesOf);
  else hookImportAside(libraries, asideHook);
}

interface Found {
  readonly library: ClientLibrary;
  readonly version: string;
  readonly file: PatchedFile;
}

/** Finds the patch for a path; reads the package.json of a package once, and only of those that may be ours. */
function createFinder(libraries: readonly ClientLibrary[], report: HookReport): (path: string) => Found | undefined {
  const names = new Set(libraries.map(({ name }) => name));
  const files = new Set(libraries.flatMap(({ files }) => files.map(({ file }) => file)));
  const packages = new Map<string, Omit<Found, 'file'> | undefined>();
  const folder = `${sep}node_modules${sep}`;
  return (path) => {
    const at = path.lastIndexOf(folder);
    if (at < 0) return undefined;
    const parts = path.slice(at + folder.length).split(sep);
    const name = parts.splice(0, parts[0]?.startsWith('@') === true ? 2 : 1).join('/');
    const inside = parts.join('/').replace(/\.[cm]?js$/, '');
    // A package installed under another name is known by its files.
    if (!names.has(name) && !files.has(inside)) return undefined;
    const root = path.slice(0, at) + folder + name.replaceAll('/', sep);
    if (!packages.has(root)) packages.set(root, readPackage(root, libraries, report));
    const found = packages.get(root);
    const file = found?.library.files.find((patched) => patched.file === inside);
    return found === undefined || file === undefined ? undefined : { ...found, file };
  };
}

function readPackage(
  root: string,
  libraries: readonly ClientLibrary[],
  report: HookReport,
): Omit<Found, 'file'> | undefined {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(text) as { readonly name?: string; readonly version?: string };
  const library = libraries.find((candidate) => candidate.name === name);
  if (library === undefined || version === undefined) return undefined;
  const major = Number.parseInt(version, 10);
  const [from, to] = library.majors;
  if (major >= from && major <= to) return { library, version };
  if (library.quiet !== true) report.unsupported(library, version);
  return undefined;
}

function hookRequire(namesOf: (path: string) => readonly string[] | undefined): void {
  type Compile = (this: NodeModule, source: string, path: string, format?: string, ...rest: unknown[]) => unknown;
  const prototype = Module.prototype as unknown as { _compile: Compile };
  const compile = prototype._compile;
  prototype._compile = function _compile(source, path, format, ...rest) {
    // An ES module that is required comes by here as well; the other hook has seen to it.
    const names = format === 'module' ? undefined : namesOf(path);
    const announced = names === undefined ? source : source + announcement(pathToFileURL(path).href, names, source);
    return compile.call(this, announced, path, format, ...rest);
  };
}

function hookImport(namesOf: (path: string) => readonly string[] | undefined): void {
  registerHooks({
    load(url, context, next) {
      const result = next(url, context);
      if (result.format !== 'module' || !url.startsWith('file:') || !url.includes('/node_modules/')) return result;
      const names = namesOf(fileURLToPath(url));
      if (names === undefined || result.source === undefined || result.source === null) return result;
      const source = sourceText(result.source);
      return { ...result, source: source + announcement(url, names, source) };
    },
  });
}

/** What the hook thread is told: which names to announce for a file, wherever it is installed. */
export interface AsideData {
  readonly namesOf: Readonly<Record<string, readonly string[]>>;
}

function hookImportAside(libraries: readonly ClientLibrary[], asideHook: string): void {
  const namesOf: Record<string, string[]> = {};
  for (const { files } of libraries)
    for (const { file, names } of files) namesOf[file] = [...(namesOf[file] ?? []), ...names];
  const data: AsideData = { namesOf };
  register(pathToFileURL(asideHook), { data });
}

export function sourceText(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}

/**
 * A statement that hands the module's own bindings over. It runs last, in the module's scope, and cannot fail: names are
 * only looked up when the patch asks for them, and what is thrown then stays with the patch.
 */
export function announcement(url: string, names: readonly string[], source: string): string {
  const bindings = names
    .map((name) => {
      if (!name.startsWith('export ')) return `get ${name}(){return ${name}}`;
      const exported = name.slice('export '.length);
      const inside = new RegExp(String.raw`([\w$]+) as ${exported}\b`).exec(source)?.[1] ?? exported;
      return `get ${exported}(){return ${inside}},set ${exported}(value){${inside}=value}`;
    })
    .join(',');
  return `\n;globalThis[Symbol.for("spanledger.loaded")]?.(${JSON.stringify(url)},{${bindings}});\n`;
}

/**
 * Before these versions a load hook breaks the import of CommonJS (https://github.com/nodejs/node/pull/59929); there ES
 * modules are reached by a hook on a thread of its own, which starts slower.
 */
function syncHooksWork(): boolean {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
  if (major === 22) return minor > 22 || (minor === 22 && patch >= 3);
  if (major === 24) return minor > 11 || (minor === 11 && patch >= 1);
  return major === 25 ? minor >= 1 : major > 25;
}

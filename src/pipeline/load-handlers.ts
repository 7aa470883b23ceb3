import { statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HandlerFactory } from './handler.js';
import { type PipelineDefinition, PipelineFileError } from './pipeline-file.js';
import type { HandlerOptions, HandlerPlugin, OptionalColumn } from './plugin.js';
import { reasonOf } from './reason-of.js';
import type { RecordEnv, RecordEvents } from './record-events.js';
import { resolvePackage } from './resolve-package.js';

/** Handlers that are ready to make one for each stream. */
export interface LoadedPipeline {
  readonly factories: readonly HandlerFactory<RecordEvents, RecordEnv>[];
  readonly needs: ReadonlySet<OptionalColumn>;
  /** What commits say of it. */
  readonly description: readonly PipelinePart[];
}

/** A handler, as commits name it. */
export interface PipelinePart {
  readonly use: string;
  readonly version?: string;
}

/** Loaded where they are used. */
const BUILT_IN: Readonly<Record<string, () => Promise<{ readonly default: HandlerPlugin }>>> = {
  log: () => import('./handlers/log.js'),
  filter: () => import('./handlers/filter.js'),
  robots: () => import('./handlers/robots.js'),
};

/**
 * Load the handlers of a pipeline and give them their options.
 *
 * @throws {PipelineFileError} a module is not there, is none, or does not take its options
 */
export async function loadHandlers({
  file,
  handlers,
}: PipelineDefinition): Promise<LoadedPipeline> {
  const factories: HandlerFactory<RecordEvents, RecordEnv>[] = [];
  const needs = new Set<OptionalColumn>();
  const description: PipelinePart[] = [];
  for (const { use, options } of handlers) {
    const unusable: Unusable = (why, cause) =>
      new PipelineFileError(file, `the handler ${use.slice(0, 200)}: ${why}`, cause);
    const plugin = await pluginOf(use, file, unusable);
    const { version, create, columns } = configured(plugin, options, unusable);
    for (const column of columns) needs.add(column);
    factories.push({ name: use, create });
    description.push(version === undefined ? { use } : { use, version });
  }
  return { factories, needs, description };
}

type Unusable = (why: string, cause?: unknown) => PipelineFileError;

function configured(plugin: HandlerPlugin, options: HandlerOptions, unusable: Unusable) {
  try {
    const columns = [...(plugin.needs ?? [])];
    if (columns.some((column) => column !== 'agent')) {
      throw new RangeError('it needs a column that there is not');
    }
    const handler = plugin.configure(options);
    if (typeof handler?.create !== 'function') {
      throw new TypeError('configure returns nothing that creates handlers');
    }
    const { version } = handler;
    if (version !== undefined && (typeof version !== 'string' || version.length > 100)) {
      throw new TypeError('its version is not a short text');
    }
    return { version, create: () => handler.create(), columns };
  } catch (error) {
    throw unusable(reasonOf(error), error);
  }
}

async function pluginOf(use: string, file: string, unusable: Unusable): Promise<HandlerPlugin> {
  if (Object.hasOwn(BUILT_IN, use)) return (await BUILT_IN[use]()).default;
  try {
    const module = (await import(locationOf(use, file))) as { default?: Partial<HandlerPlugin> };
    if (typeof module.default?.configure === 'function') return module.default as HandlerPlugin;
  } catch (error) {
    throw unusable(`it cannot be loaded: ${reasonOf(error)}`, error);
  }
  throw unusable('its default export is no handler plug-in (see defineHandler)');
}

/** A path as it stands; a package as it would be found from the folder of the file, whatever folder this program is in. */
function locationOf(use: string, file: string): string {
  const isPath = use.startsWith('.') || isAbsolute(use);
  // Node would know it by that name alone, which is no path: it would be looked for in whatever folder this program is in.
  if (!isPath && isBuiltin(use)) throw new RangeError('it is a module of Node');
  const path = isPath ? resolve(dirname(file), use) : resolvePackage(use, file);
  // A pipe might never say anything, and a device never end.
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) throw new RangeError('it is not a regular file');
  return pathToFileURL(path).href;
}

import { dirname, isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HandlerFactory } from './handler.js';
import { type PipelineDefinition, PipelineFileError } from './pipeline-file.js';
import type { HandlerOptions, HandlerPlugin, OptionalColumn } from './plugin.js';
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
    for (const column of plugin.needs ?? []) {
      if (column !== 'agent') throw unusable('it needs a column that there is not');
      needs.add(column);
    }
    const { version, create } = configured(plugin, options, unusable);
    factories.push({ name: use, create });
    description.push(version === undefined ? { use } : { use, version });
  }
  return { factories, needs, description };
}

type Unusable = (why: string, cause?: unknown) => PipelineFileError;

function configured(plugin: HandlerPlugin, options: HandlerOptions, unusable: Unusable) {
  try {
    const handler = plugin.configure(options);
    if (typeof handler?.create !== 'function') {
      throw new TypeError('configure returns nothing that creates handlers');
    }
    const { version } = handler;
    if (version !== undefined && (typeof version !== 'string' || version.length > 100)) {
      throw new TypeError('its version is not a short text');
    }
    return { version, create: () => handler.create() };
  } catch (error) {
    throw unusable(firstLine(error), error);
  }
}

async function pluginOf(use: string, file: string, unusable: Unusable): Promise<HandlerPlugin> {
  if (Object.hasOwn(BUILT_IN, use)) return (await BUILT_IN[use]()).default;
  let module: { readonly default?: Partial<HandlerPlugin> };
  try {
    module = (await import(locationOf(use, file))) as typeof module;
  } catch (error) {
    throw unusable(`it cannot be loaded: ${firstLine(error)}`, error);
  }
  if (typeof module.default?.configure !== 'function') {
    throw unusable('its default export is no handler plug-in (see defineHandler)');
  }
  return module.default as HandlerPlugin;
}

/** A path as it stands; a package as it would be found from the folder of the file, whatever folder this program is in. */
function locationOf(use: string, file: string): string {
  const folder = dirname(file);
  if (use.startsWith('.') || isAbsolute(use)) return pathToFileURL(resolve(folder, use)).href;
  return pathToFileURL(resolvePackage(use, file)).href;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0].slice(0, 300).replace(/\.$/, '');
}

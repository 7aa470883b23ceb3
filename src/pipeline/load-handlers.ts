import type { HandlerFactory } from './handler.js';
import { locateModule } from './locate-module.js';
import { type PipelineDefinition, PipelineFileError } from './pipeline-file.js';
import type { HandlerOptions, HandlerPlugin, OptionalColumn } from './plugin.js';
import { reasonOf } from './reason-of.js';
import type { RecordEnv, RecordEvents } from './record-events.js';

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
    const module = (await import(locateModule(use, file))) as { default?: Partial<HandlerPlugin> };
    if (typeof module.default?.configure === 'function') return module.default as HandlerPlugin;
  } catch (error) {
    throw unusable(`it cannot be loaded: ${reasonOf(error)}`, error);
  }
  throw unusable('its default export is no handler plug-in (see defineHandler)');
}

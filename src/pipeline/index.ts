/**
 * Pipelines: chains of handlers over the events of a stream, the extension point for others. PIPELINES.md tells how to write one.
 *
 * @module
 */

export { AddressRanges } from './address-ranges.js';
export type { Handler, HandlerFactory, PipelineEnv } from './handler.js';
export {
  type HandlerEntry,
  type PipelineDefinition,
  PipelineFileError,
  readPipelineFile,
} from './pipeline-file.js';
export {
  type ConfiguredHandler,
  defineHandler,
  type HandlerOptions,
  type HandlerPlugin,
  type OptionalColumn,
  requireOptions,
  textsOption,
} from './plugin.js';
export { type OutputLine, readOutputs } from './read-outputs.js';
export type { RecordEnv, RecordEvents } from './record-events.js';
export {
  HandlerFailedError,
  pipelineEnv,
  runPipeline,
  Stream,
  StreamEndedError,
} from './stream.js';

/**
 * Pipelines: chains of handlers over the events of a stream, the extension point for others (docs in PIPELINES.md).
 *
 * @module
 */

export type { Handler, HandlerFactory, PipelineEnv } from './handler.js';
export {
  HandlerFailedError,
  pipelineEnv,
  runPipeline,
  Stream,
  StreamEndedError,
} from './stream.js';

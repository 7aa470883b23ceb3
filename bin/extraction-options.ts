import { availableParallelism } from 'node:os';
import { S3LogExtractionError } from '../cache/error.js';
import type { PipelineDefinition } from '../src/pipeline/pipeline-file.js';

/** `--workers` is no number of workers. */
export class WorkerCountError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_WORKERS',
      '--workers must be a whole number other than 0.',
      { hint: 'Use 4 for four workers, -1 for all cores, -2 for all but one (the default).' },
      2,
    );
  }
}

/** Negative numbers count from all cores: -1 all, -2 all but one; at least 1. */
export function workerCount(option: number): number {
  if (!Number.isInteger(option) || option === 0 || Math.abs(option) > 1024) {
    throw new WorkerCountError();
  }
  return option > 0 ? option : Math.max(1, availableParallelism() + 1 + option);
}

export const WORKERS_OPTION = {
  type: 'number',
  default: -2,
  requiresArg: true,
  describe: 'Worker threads; negative counts from all cores: -1 all, -2 all but one',
} as const;

export const PIPELINE_OPTION = {
  type: 'string',
  describe:
    'File (YAML) of handlers that records go through, see PIPELINES.md (default: the saved one)',
} as const;

/** The pipeline named on the command line, else the one that the configuration names. @throws {PipelineFileError} */
export async function pipelineOf(
  path: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<PipelineDefinition | undefined> {
  const { readConfiguration } = await import('../cache/configuration.js');
  const chosen = path ?? readConfiguration(env).pipeline;
  if (chosen === undefined) return undefined;
  const { readPipelineFile } = await import('../src/pipeline/pipeline-file.js');
  return readPipelineFile(chosen);
}

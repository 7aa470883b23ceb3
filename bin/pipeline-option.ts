import { readConfiguration } from '../cache/configuration.js';
import type { PipelineDefinition } from '../src/pipeline/pipeline-file.js';

/** For commands that extract. */
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
  const chosen = path ?? readConfiguration(env).pipeline;
  if (chosen === undefined) return undefined;
  const { readPipelineFile } = await import('../src/pipeline/pipeline-file.js');
  return readPipelineFile(chosen);
}

import { resolve } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { GivenFileError, readGivenFile } from '../../cache/given-file.js';
import { type Fail, parseGivenYaml, requireMapping } from '../../cache/given-yaml.js';
import type { HandlerOptions } from './plugin.js';

/** A handler as the file names it. */
export interface HandlerEntry {
  /** `log`, `filter`, `robots`, a path that begins with `.` or `/`, or the name of a package. */
  readonly use: string;
  readonly options: HandlerOptions;
}

/** A pipeline as its file says: plain data that threads can be sent. */
export interface PipelineDefinition {
  /** The file, absolute: relative paths, and packages, are looked for from its folder. */
  readonly file: string;
  readonly handlers: readonly HandlerEntry[];
}

/** The file of a pipeline, or a handler that it names, cannot be used. */
export class PipelineFileError extends S3LogExtractionError {
  constructor(path: string, why: string, cause?: unknown) {
    super(
      'INVALID_PIPELINE',
      `Could not use the pipeline in ${path}: ${why}.`,
      {
        cause,
        hint: 'PIPELINES.md shows what such a file looks like, and how to write a handler.',
      },
      2,
    );
  }
}

/** Reading YAML takes time by the square of what some files have in them. */
const MOST_BYTES = 128 << 10;
const MOST_HANDLERS = 100;

/** @throws {PipelineFileError} */
export function readPipelineFile(path: string): PipelineDefinition {
  let text: string;
  try {
    text = readGivenFile(path, MOST_BYTES).toString('utf8');
  } catch (error) {
    const why =
      error instanceof GivenFileError ? error.message : (systemErrorCode(error) ?? 'unknown error');
    throw new PipelineFileError(path, `it cannot be read (${why})`, error);
  }
  return parsePipeline(text, path);
}

/** @throws {PipelineFileError} */
export function parsePipeline(text: string, path: string): PipelineDefinition {
  const fail = (why: string): never => {
    throw new PipelineFileError(path, why);
  };
  const file = requireMapping(parseGivenYaml(text, fail), 'the file', fail);
  requireMembers(file, ['version', 'handlers'], 'the file', fail);
  if (file.version !== 1) fail('its version is not 1');
  const { handlers } = file;
  if (!Array.isArray(handlers)) return fail('"handlers" is not a list');
  if (handlers.length > MOST_HANDLERS) fail(`it has more than ${MOST_HANDLERS} handlers`);
  return {
    file: resolve(path),
    handlers: handlers.map((value, at) => entryOf(value, `handler ${at + 1}`, fail)),
  };
}

function entryOf(value: unknown, what: string, fail: Fail): HandlerEntry {
  const entry = requireMapping(value, what, fail);
  requireMembers(entry, ['use', 'with'], what, fail);
  const { use } = entry;
  if (typeof use !== 'string' || use === '' || use.includes('\0') || use.length > 4096) {
    return fail(`"use" of ${what} is not the name of a handler`);
  }
  const options = entry.with ?? {};
  return { use, options: requireMapping(options, `"with" of ${what}`, fail) };
}

function requireMembers(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  what: string,
  fail: Fail,
): void {
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) fail(`${what} has an unknown member "${other.slice(0, 100)}"`);
}

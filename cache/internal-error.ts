import { S3LogExtractionError } from './error.js';

/** Set to `1`, places in the program are told with an {@link InternalError}. */
export const TRACE_VARIABLE = 'S3_LOG_EXTRACTION_TRACE';

/**
 * Something failed that nobody foresaw: a defect. Its message may quote what was being worked on, a line, an address, a secret, so
 * of the failure only its kind is told, and on request the places in the program that it came by.
 */
export class InternalError extends S3LogExtractionError {
  /** @param doing what was being done, in words of ours */
  constructor(doing: string, failure: unknown, env: NodeJS.ProcessEnv = process.env) {
    const kind = kindOf(failure);
    const places = env[TRACE_VARIABLE] === '1' ? placesOf(failure) : [];
    super(
      'INTERNAL_ERROR',
      [`A defect of s3logextraction ended this: ${doing} (${kind}).`, ...places].join('\n  at '),
      {
        hint:
          `Nothing committed is lost, and running it again may help. Please report it, with this text, the command and what "s3logextraction --version" says;` +
          ` run with ${TRACE_VARIABLE}=1 it also tells the places in the program, but never what is in logs, keys or variables.`,
      },
    );
  }
}

/** Code of the system's or Node's, or the name of the class: nothing that could hold data. */
export function kindOf(failure: unknown): string {
  const { code, name } = Object(failure) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code)) return code;
  if (failure instanceof Error && typeof name === 'string' && /^[A-Z][A-Za-z]{1,40}$/.test(name)) {
    return name;
  }
  return `a ${typeof failure} was thrown`;
}

const MOST_PLACES = 12;
/** As V8 writes it: `at name (url:line:column)`, or without a name. */
const FRAME =
  /^ {4}at (?:(?:async |new )?([\w$.<>#]{1,80})(?: \[as \w+\])? \()?(\S{1,500}):(\d{1,6}):(\d{1,6})\)?$/;

/** Names of functions and places in files of the program, of its libraries and of Node. */
function placesOf(failure: unknown): string[] {
  const { message, stack } = Object(failure) as Partial<Error>;
  if (typeof stack !== 'string') return [];
  // The message comes first, and may look like anything.
  const header = stack.indexOf(String(message));
  const frames = header === -1 ? '' : stack.slice(header + String(message).length);
  return frames
    .split('\n')
    .flatMap((line) => {
      const [, name = '', url = '', row, column] = FRAME.exec(line) ?? [];
      const file = /(?:node:[\w/]+|(?:node_modules|dist)\/[\w@./-]+)$/.exec(url)?.[0];
      return file === undefined ? [] : [`${name === '' ? '' : `${name} `}${file}:${row}:${column}`];
    })
    .slice(0, MOST_PLACES);
}

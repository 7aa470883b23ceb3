import { S3LogExtractionError } from '../cache/error.js';
import { EXIT_STATUS } from './exit-status.js';

/** What is to be kept secret was not given. */
export class NoSecretError extends S3LogExtractionError {
  constructor(variable: string) {
    super(
      'NO_SECRET',
      `Nothing was given in ${variable} or on stdin.`,
      {
        hint: `Set ${variable} for this command, or type it when asked; arguments would show in the list of processes.`,
      },
      EXIT_STATUS.usage.status,
    );
  }
}

/** What was given on stdin goes on and on. Cut off it would be another secret, or an expression that leaves addresses out. */
export class LongSecretError extends S3LogExtractionError {
  constructor(variable: string) {
    super(
      'SECRET_TOO_LONG',
      `The first line on stdin, read because ${variable} is not set, has more than ${MOST_LENGTH} characters.`,
      { hint: 'Check what writes to it. Nothing was changed.' },
      EXIT_STATUS.usage.status,
    );
  }
}

/** Longer than any sensible secret or list of addresses. */
const MOST_LENGTH = 1 << 20;

/**
 * A text that must not be an argument: from a variable of the environment, else the first line of stdin, which on a terminal
 * is asked for and not shown.
 *
 * @throws {NoSecretError} @throws {LongSecretError}
 */
export async function readSecret(
  variable: string,
  question: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const given = env[variable];
  if (given !== undefined && given !== '') return given;
  const text = process.stdin.isTTY ? await ask(question) : await firstLine(variable);
  if (text === '') throw new NoSecretError(variable);
  return text;
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  process.stderr.write(question);
  // What is typed is echoed to nowhere.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

async function firstLine(variable: string): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const piece of process.stdin) {
    text += piece;
    if (text.includes('\n') || text.length > MOST_LENGTH) break;
  }
  const line = text.split('\n', 1)[0] ?? '';
  if (line.length > MOST_LENGTH) throw new LongSecretError(variable);
  return line.replace(/\r$/, '');
}

import type { Output } from './output.js';
import { printable } from './output.js';

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** How a service talks that runs for months: lines with a time on stderr, results of programs on stdout. */
export interface ServiceLog extends Output {
  error(text: string, details?: Readonly<Record<string, unknown>>): void;
}

/** A warning is said again after this time, if it still holds: what is in the way of a file would else be said each round. */
const SILENCE_MS = 3_600_000;
/** Warnings remembered; beyond that the oldest is forgotten (invariant I7). */
const MOST_REMEMBERED = 1000;

/**
 * @param options.format `text`: `2026-11-27T00:44:10.123Z warning: ...`; `json`: one object a line, `{"time","level","message"}` and more
 * @param options.isQuiet only warnings and errors
 * @param options.isJson results as JSON on stdout
 */
export function createServiceLog(options: {
  readonly format: LogFormat;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}): ServiceLog {
  const warned = new Map<string, number>();
  const say = (level: string, text: string, details: Readonly<Record<string, unknown>> = {}) => {
    const time = new Date().toISOString();
    if (options.format === 'json') {
      write(JSON.stringify({ time, level, message: printable(text), ...details }));
    } else {
      write(`${time} ${level === 'info' ? '' : `${level}: `}${printable(text)}`);
    }
  };
  const note = (text: string): void => {
    if (!options.isQuiet) say('info', text);
  };
  return {
    isJson: options.isJson,
    note,
    print: note,
    json(value) {
      if (options.isJson) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    warn(text) {
      const now = performance.now();
      const last = warned.get(text);
      if (last !== undefined && now - last < SILENCE_MS) return;
      warned.delete(text);
      warned.set(text, now);
      if (warned.size > MOST_REMEMBERED) warned.delete(warned.keys().next().value as string);
      say('warning', text);
    },
    error(text, details) {
      say('error', text, details);
    },
    progress() {
      // Nobody watches.
    },
  };
}

function write(line: string): void {
  process.stderr.write(`${line}\n`);
}

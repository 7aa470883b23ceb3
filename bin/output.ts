/** How a command talks: results to stdout, everything else to stderr. */
export interface Output {
  readonly isJson: boolean;
  /** A result for people; nothing with `--json`. */
  print(text: string): void;
  /** The result for programs: one line, with `--json` only. */
  json(value: unknown): void;
  /** What is going on; nothing with `--quiet`. */
  note(text: string): void;
  /** What a person should look at; also with `--quiet`. */
  warn(text: string): void;
  /** A line that shows how far something is, replaced by the next; on a terminal only. */
  progress(text: string): void;
}

/** What moves a cursor, colours, turns text or is not seen: names, and files of a cache that others wrote, may hold it. */
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|\p{Cf}/gu;

/** As a terminal may get it: but for tabs and line ends, such characters are shown escaped. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** Warnings of one kind beyond this many are counted, not shown: a folder of a million bad files is no news a million times. */
const MOST_WARNINGS = 100;

export function createOutput(options: {
  readonly json: boolean;
  readonly quiet: boolean;
}): Output & {
  /** Say what was held back. */
  finish(): void;
} {
  const { stdout, stderr } = process;
  let progressWidth = 0;
  let warnings = 0;
  const clear = (): void => {
    if (progressWidth > 0) stderr.write(`\r${' '.repeat(progressWidth)}\r`);
    progressWidth = 0;
  };
  const say = (text: string): void => {
    clear();
    stderr.write(`${printable(text)}\n`);
  };
  return {
    isJson: options.json,
    print(text) {
      clear();
      if (!options.json) stdout.write(`${printable(text)}\n`);
    },
    json(value) {
      clear();
      if (options.json) stdout.write(`${JSON.stringify(value)}\n`);
    },
    note(text) {
      if (!options.quiet) say(text);
    },
    warn(text) {
      if (++warnings <= MOST_WARNINGS) say(`warning: ${text}`);
    },
    progress(text) {
      if (options.quiet || !stderr.isTTY) return;
      const line = text.slice(0, Math.max(20, (stderr.columns || 80) - 1));
      stderr.write(`\r${line.padEnd(progressWidth)}`);
      progressWidth = line.length;
    },
    finish() {
      clear();
      if (warnings > MOST_WARNINGS)
        say(`warning: and ${warnings - MOST_WARNINGS} more like these.`);
    },
  };
}

import { S3LogExtractionError } from '../../cache/error.js';
import { type CommandGroup, defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { plural } from '../format.js';

/** Nobody is there to ask. */
export class ConfirmationError extends S3LogExtractionError {
  constructor() {
    super(
      'CONFIRMATION_NEEDED',
      'Resetting forgets everything that was extracted, and there is no terminal to ask on.',
      { hint: 'Add --yes to reset without being asked.' },
      EXIT_STATUS.usage.status,
    );
  }
}

const extraction = defineCommand({
  name: 'extraction',
  describe: 'Forget all extracted records, so that every log file is new again',
  options: { yes: { type: 'boolean', default: false, describe: 'Do not ask' } },
  examples: [['$0 reset extraction', 'Start over; asks first']],
  async run({ yes }, { cacheDirectory, output, env }) {
    if (!yes && !(await confirm(cacheDirectory))) {
      output.print('Nothing was changed.');
      output.json({ reset: false, commits: 0 });
      return EXIT_STATUS.done.status;
    }
    const { openCacheForWriting } = await import('../../cache/open-cache.js');
    const { resetExtraction } = await import('../../cache/reset.js');
    const cache = await openCacheForWriting(cacheDirectory, {
      command: 'reset extraction',
      env,
      needsKey: false,
    });
    try {
      const commits = resetExtraction(cache);
      output.print(
        `Forgot ${plural(commits, 'commit')}. Published tables stay until the next "update".`,
      );
      output.json({ reset: true, commits });
      return EXIT_STATUS.done.status;
    } finally {
      cache.close();
    }
  },
});

async function confirm(cacheDirectory: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new ConfirmationError();
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(
      `Forget everything extracted into ${cacheDirectory}? All logs must be read again. [y/N] `,
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

export const resetCommand: CommandGroup = {
  name: 'reset',
  describe: DESCRIPTIONS.reset,
  commands: [extraction],
  demand: 'Say what to reset: extraction',
};

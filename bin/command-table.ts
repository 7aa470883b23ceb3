import type { CommandNode } from './command.js';
import { DESCRIPTIONS } from './descriptions.js';

/** What the program's own help tells of a command, and how to get at the rest of it. */
export interface CommandEntry {
  /** As help shows it: its name, and its positionals. */
  readonly signature: string;
  readonly describe: string;
  load(): Promise<CommandNode>;
}

/** All commands in the order of help. Only the one that is asked for is loaded. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    signature: 'extract [source]',
    describe: DESCRIPTIONS.extract,
    load: async () => (await import('./commands/extract.js')).extractCommand,
  },
  {
    signature: 'watch <spool>',
    describe: DESCRIPTIONS.watch,
    load: async () => (await import('./commands/watch.js')).watchCommand,
  },
  {
    signature: 'stop',
    describe: DESCRIPTIONS.stop,
    load: async () => (await import('./commands/stop.js')).stopCommand,
  },
  {
    signature: 'status',
    describe: DESCRIPTIONS.status,
    load: async () => (await import('./commands/status.js')).statusCommand,
  },
  {
    signature: 'update',
    describe: DESCRIPTIONS.update,
    load: async () => (await import('./commands/update.js')).updateCommand,
  },
  {
    signature: 'report',
    describe: DESCRIPTIONS.report,
    load: async () => (await import('./commands/report.js')).reportCommand,
  },
  {
    signature: 'share',
    describe: DESCRIPTIONS.share,
    load: async () => (await import('./commands/share.js')).shareCommand,
  },
  {
    signature: 'stats',
    describe: DESCRIPTIONS.stats,
    load: async () => (await import('./commands/stats.js')).statsCommand,
  },
  {
    signature: 'summary [dataset]',
    describe: DESCRIPTIONS.summary,
    load: async () => (await import('./commands/summary.js')).summaryCommand,
  },
  {
    signature: 'query [sql]',
    describe: DESCRIPTIONS.query,
    load: async () => (await import('./commands/query.js')).queryCommand,
  },
  {
    signature: 'completion',
    describe: DESCRIPTIONS.completion,
    load: async () => (await import('./commands/completion.js')).completionCommand,
  },
  {
    signature: 'config',
    describe: DESCRIPTIONS.config,
    load: async () => (await import('./commands/config.js')).configCommand,
  },
  {
    signature: 'validate <protocol> [source]',
    describe: DESCRIPTIONS.validate,
    load: async () => (await import('./commands/validate.js')).validateCommand,
  },
  {
    signature: 'database',
    describe: DESCRIPTIONS.database,
    load: async () => (await import('./commands/database.js')).databaseCommand,
  },
  {
    signature: 'import <folder>',
    describe: DESCRIPTIONS.import,
    load: async () => (await import('./commands/import.js')).importCommand,
  },
  {
    signature: 'repair [source]',
    describe: DESCRIPTIONS.repair,
    load: async () => (await import('./commands/repair.js')).repairCommand,
  },
  {
    signature: 'reset',
    describe: DESCRIPTIONS.reset,
    load: async () => (await import('./commands/reset.js')).resetCommand,
  },
  {
    signature: 'testing',
    describe: DESCRIPTIONS.testing,
    load: async () => (await import('./commands/testing.js')).testingCommand,
  },
];

export const PROGRAM = {
  name: 's3logextraction',
  describe: 'Reduces raw S3 access logs to sealed records and publishes usage tables.',
  demand: 'Say what to do; "s3logextraction --help" lists the commands.',
} as const;

/** @returns undefined when there is no such command */
export function findCommand(name: string): CommandEntry | undefined {
  return COMMANDS.find(({ signature }) => signature.split(' ', 1)[0] === name);
}

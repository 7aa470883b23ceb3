import { type CommandGroup, defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { formatCount, plural } from '../format.js';

const cache = defineCommand({
  name: 'cache',
  describe: 'Check that the cache is whole and that its numbers add up',
  examples: [['$0 validate cache', 'Read and check everything in the cache']],
  async run(_options, { cacheDirectory, output }) {
    const { openCacheForReading } = await import('../../cache/open-cache.js');
    const { openEngine } = await import('../../cache/engine.js');
    const { validateCache } = await import('../../validation/validate-cache.js');
    const { paths } = openCacheForReading(cacheDirectory);
    const engine = await openEngine(paths);
    const findings: object[] = [];
    let files = 0;
    let unknown = 0;
    const onUnknown = (count: number): void => {
      unknown = count;
    };
    try {
      const onFile = (): void => output.progress(`Validating: ${formatCount(++files)} files`);
      for await (const finding of validateCache(paths, engine, onFile, onUnknown)) {
        findings.push(finding);
        output.print(`${finding.claim}: ${finding.what} (${finding.file})`);
      }
    } finally {
      engine.close();
    }
    output.print(
      findings.length === 0
        ? `The cache is whole: ${plural(files, 'file')} checked.`
        : `${plural(findings.length, 'finding')} in ${plural(files, 'file')}.`,
    );
    if (unknown > 0) {
      output.print(
        `Of ${plural(unknown, 'published file')} it is not known yet what is to be in them; the next update notes it.`,
      );
    }
    output.json({ protocol: 'cache', files, publishedFilesNotKnown: unknown, findings });
    return findings.length === 0 ? EXIT_STATUS.done.status : EXIT_STATUS.findings.status;
  },
});

export const validateCommand: CommandGroup = {
  name: 'validate',
  describe: DESCRIPTIONS.validate,
  commands: [cache],
  demand: 'Say what to validate: cache',
};

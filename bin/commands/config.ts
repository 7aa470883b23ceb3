import { resolve } from 'node:path';
import { readConfiguration, updateConfiguration } from '../../cache/configuration.js';
import type { WritableCache } from '../../cache/open-cache.js';
import type { SealedText } from '../../cache/settings.js';
import { type CommandGroup, defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { formatBytes, plural } from '../format.js';

const cacheSet = defineCommand({
  name: 'set',
  describe: 'Use this cache directory from now on',
  positionals: { directory: { describe: 'Cache directory', required: true } },
  examples: [['$0 config cache set /data/s3-log-cache', 'Remember where the cache is']],
  async run({ directory }, { output, env }) {
    const { cache } = updateConfiguration(env, { cache: resolve(directory) });
    output.print(`The cache is ${cache} from now on.`);
    output.json({ cache });
    return EXIT_STATUS.done.status;
  },
});

const cacheGet = defineCommand({
  name: 'get',
  describe: 'Print the cache directory in force',
  examples: [['$0 config cache get', 'Print the cache directory']],
  async run(_options, { cacheDirectory, output }) {
    output.print(cacheDirectory);
    output.json({ cache: cacheDirectory });
    return EXIT_STATUS.done.status;
  },
});

const cacheShow = defineCommand({
  name: 'show',
  describe: 'Where the cache is, how its key is kept, how large it is',
  examples: [['$0 config cache show', 'Describe the cache']],
  async run(_options, { cacheDirectory, output }) {
    const { openCacheForReading } = await import('../../cache/open-cache.js');
    const { readCacheStatus } = await import('../../cache/cache-status.js');
    const { paths, cacheFile } = openCacheForReading(cacheDirectory);
    const { files, cacheBytes } = readCacheStatus(paths);
    const { version, id, createdAt, key } = cacheFile;
    output.print(
      [
        `Cache:     ${paths.root}`,
        `Format:    version ${version}, id ${id}, created ${createdAt}`,
        `Key:       ${key.source === 'password' ? 'from S3_LOG_EXTRACTION_PASSWORD' : 'from the key file beside your configuration'}`,
        `Holds:     ${plural(files, 'log file')} in ${formatBytes(cacheBytes)}`,
        `Published: ${paths.summaries}`,
      ].join('\n'),
    );
    output.json({
      cache: paths.root,
      version,
      id,
      createdAt,
      keySource: key.source,
      files,
      cacheBytes,
      summaries: paths.summaries,
    });
    return EXIT_STATUS.done.status;
  },
});

const sourceSet = defineCommand({
  name: 'set',
  describe: 'Extract from here when no source is given',
  positionals: { source: { describe: 'Folder of logs, or s3://bucket/folder', required: true } },
  examples: [['$0 config source set /data/logs', 'Remember where the logs are']],
  async run({ source }, { output, env }) {
    const { isBucketSource, requireReadableSource } = await import('../source-kind.js');
    requireReadableSource(source);
    const saved = updateConfiguration(env, {
      source: isBucketSource(source) ? source : resolve(source),
    });
    output.print(`Logs are read from ${saved.source} from now on.`);
    output.json({ source: saved.source });
    return EXIT_STATUS.done.status;
  },
});

const sourceGet = defineCommand({
  name: 'get',
  describe: 'Print the saved source',
  examples: [['$0 config source get', 'Print where logs are read from']],
  async run(_options, { output, env }) {
    const { source } = readConfiguration(env);
    output.print(source ?? 'No source is saved.');
    output.json({ source: source ?? null });
    return EXIT_STATUS.done.status;
  },
});

const pipelineSet = defineCommand({
  name: 'set',
  describe: 'Have records go through this pipeline whenever logs are extracted',
  positionals: { file: { describe: 'File (YAML), see PIPELINES.md', required: true } },
  examples: [['$0 config pipeline set /data/pipeline.yaml', 'Remember the pipeline']],
  async run({ file }, { output, env }) {
    const { readPipelineFile } = await import('../../src/pipeline/pipeline-file.js');
    const { loadHandlers } = await import('../../src/pipeline/load-handlers.js');
    const { description } = await loadHandlers(readPipelineFile(file));
    const { pipeline } = updateConfiguration(env, { pipeline: resolve(file) });
    const names = description.map(({ use }) => use).join(', ') || 'no handler';
    output.print(`Records go through ${pipeline} (${names}) from now on.`);
    output.json({ pipeline, handlers: description });
    return EXIT_STATUS.done.status;
  },
});

const pipelineGet = defineCommand({
  name: 'get',
  describe: 'Print the saved pipeline',
  examples: [['$0 config pipeline get', 'Print which pipeline records go through']],
  async run(_options, { output, env }) {
    const { pipeline } = readConfiguration(env);
    output.print(pipeline ?? 'No pipeline is saved.');
    output.json({ pipeline: pipeline ?? null });
    return EXIT_STATUS.done.status;
  },
});

const pipelineClear = defineCommand({
  name: 'clear',
  describe: 'Have records go through no pipeline',
  examples: [['$0 config pipeline clear', 'Forget the pipeline']],
  async run(_options, { output, env }) {
    updateConfiguration(env, { pipeline: undefined });
    output.print('Records go through no pipeline from now on.');
    output.json({ pipeline: null });
    return EXIT_STATUS.done.status;
  },
});

/** The expression is nobody's business: it names an archive's own machines. */
const skipSet = defineCommand({
  name: 'set',
  describe:
    'Keep no records of addresses that an expression (RE2) finds, from IPS_TO_SKIP or stdin',
  examples: [['$0 config skip-ips set', 'Take the expression from IPS_TO_SKIP']],
  async run(_options, { cacheDirectory, output, env }) {
    const { readSecret } = await import('../read-secret.js');
    const { addressExpression } = await import('../../src/extract/address-filter.js');
    const { sealText } = await import('../../cache/sealed-text.js');
    const expression = await readSecret('IPS_TO_SKIP', 'Expression for addresses to skip: ', env);
    addressExpression(expression);
    await changeSkipped(cacheDirectory, env, async ({ key }) => sealText(expression, key));
    output.print('Records of these addresses are not kept from now on. Those kept before stay.');
    output.json({ skipIps: true });
    return EXIT_STATUS.done.status;
  },
});

const skipShow = defineCommand({
  name: 'show',
  describe: 'Whether there is an expression for addresses to skip; never the expression',
  examples: [['$0 config skip-ips show', 'Is there one?']],
  async run(_options, { cacheDirectory, output }) {
    const { openCacheForReading } = await import('../../cache/open-cache.js');
    const { readSettings } = await import('../../cache/settings.js');
    const isSet =
      readSettings(openCacheForReading(cacheDirectory).paths).skippedAddresses !== undefined;
    output.print(isSet ? 'An expression is kept, sealed.' : 'No addresses are skipped.');
    output.json({ skipIps: isSet });
    return EXIT_STATUS.done.status;
  },
});

const skipClear = defineCommand({
  name: 'clear',
  describe: 'Keep records of all addresses from now on',
  examples: [['$0 config skip-ips clear', 'Skip no address']],
  async run(_options, { cacheDirectory, output, env }) {
    await changeSkipped(cacheDirectory, env, async () => undefined);
    output.print('Records of all addresses are kept from now on.');
    output.json({ skipIps: false });
    return EXIT_STATUS.done.status;
  },
});

async function changeSkipped(
  cacheDirectory: string,
  env: NodeJS.ProcessEnv,
  change: (cache: WritableCache) => Promise<SealedText | undefined>,
): Promise<void> {
  const { openCacheForWriting } = await import('../../cache/open-cache.js');
  const { updateSettings } = await import('../../cache/settings.js');
  const cache = await openCacheForWriting(cacheDirectory, { command: 'config skip-ips', env });
  try {
    const skippedAddresses = await change(cache);
    cache.lock.assertHeld();
    updateSettings(cache.paths, { skippedAddresses });
  } finally {
    cache.close();
  }
}

const keyRotate = defineCommand({
  name: 'rotate',
  describe:
    'Seal the cache under a new password, asked for or from the environment, or under the key file',
  options: {
    to: {
      choices: ['password', 'keyfile'],
      default: 'password',
      describe: 'What the new key is made from',
    },
  },
  examples: [
    ['$0 config key rotate', 'Change to a new password'],
    ['$0 config key rotate --to keyfile', 'Change from a password to the key file'],
  ],
  async run({ to }, { cacheDirectory, output, env }) {
    const { rotateCacheKey } = await import('../run-rotation.js');
    const result = await rotateCacheKey(cacheDirectory, to, output, env);
    output.print(
      `The cache is sealed under the new key: ${plural(result.commits, 'commit')}, ${formatBytes(result.bytes)} written anew. ${
        to === 'password'
          ? 'Set S3_LOG_EXTRACTION_PASSWORD to the new password from now on.'
          : 'Unset S3_LOG_EXTRACTION_PASSWORD from now on, and back the key file up.'
      }`,
    );
    output.json({ rotated: true, to, ...result });
    return EXIT_STATUS.done.status;
  },
});

export const configCommand: CommandGroup = {
  name: 'config',
  describe: DESCRIPTIONS.config,
  commands: [
    {
      name: 'cache',
      describe: 'The cache directory',
      commands: [cacheSet, cacheGet, cacheShow],
      demand: 'Say what to do with it: set, get or show',
    },
    {
      name: 'source',
      describe: 'Where logs are read from',
      commands: [sourceSet, sourceGet],
      demand: 'Say what to do with it: set or get',
    },
    {
      name: 'pipeline',
      describe: 'Handlers that records go through when logs are extracted',
      commands: [pipelineSet, pipelineGet, pipelineClear],
      demand: 'Say what to do with it: set, get or clear',
    },
    {
      name: 'skip-ips',
      describe: 'Addresses whose records are not kept',
      commands: [skipSet, skipShow, skipClear],
      demand: 'Say what to do with it: set, show or clear',
    },
    {
      name: 'key',
      describe: 'The key that seals addresses',
      commands: [keyRotate],
      demand: 'Say what to do with it: rotate',
    },
  ],
  demand: 'Say what to configure: cache, source, skip-ips or key',
};

import { programVersion } from '../../program-version.js';
import type { CollectJson, CollectorSpec } from '../collector.js';
import { coarseCount } from './coarse-count.js';

/**
 * What made the data, and how it was rounded. No host, path, name, account or address: nothing that tells whose archive it is. Counts
 * are in steps of powers of ten.
 */
export const configSpec: CollectorSpec<'json'> = {
  key: 'config',
  version: '1.0',
  format: 'json',
  description: 'Program, platform, privacy rules and orders of magnitude; anonymous',
  config: true,
};

export const collectConfig: CollectJson = ({ archive }) => ({
  program: { name: 's3-log-extraction', version: programVersion() },
  node: Number(process.versions.node.split('.')[0]),
  platform: process.platform,
  data_changed_at: archive.changedAt,
  privacy: { threshold: archive.rules.threshold, modulus: archive.rules.modulus },
  robots: archive.robots,
  datasets: coarseCount(archive.datasets.length),
  files: coarseCount(archive.files.length),
});

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadServiceRanges } from '../../../src/ip/ranges/load-service-ranges.js';
import { scratchDirectory } from '../../support/scratch.js';
import { bytesOf, publishedLists } from './published-lists.js';

const ONE_OF_EACH = [
  '11.0.0.1',
  '13.0.0.1',
  '14.0.0.1',
  '15.0.0.1',
  '17.0.0.1',
  '2600:1f00::1',
  '9.9.9.9',
];

let root: string;
let warnings: string[];

beforeEach(() => {
  root = scratchDirectory();
  warnings = [];
});

describe('service ranges from a folder', () => {
  it('are taken as they are, however few, and nothing is downloaded or written', async () => {
    const directory = scratchDirectory();
    writeFileSync(join(directory, 'github.json'), '{"hooks":["11.0.0.0/22"]}');
    writeFileSync(
      join(directory, 'aws.json'),
      '{"prefixes":[{"ip_prefix":"13.0.0.0/24","region":"us-east-2"}]}',
    );
    writeFileSync(join(directory, 'gcp.json'), '{"prefixes":[]}');
    writeFileSync(join(directory, 'azure.json'), '{"values":[]}');
    writeFileSync(join(directory, 'vpn.txt'), '');
    const ranges = await load({ SERVICE_RANGES_DIRECTORY: directory });
    expect(ONE_OF_EACH.map((one) => ranges.find(bytesOf(one)))).toEqual([
      'GitHub',
      'AWS/us-east-2',
      ...Array(5).fill(undefined),
    ]);
    expect([ranges.missingLists, ranges.staleLists, warnings]).toEqual([[], [], []]);
    expect(readdirSync(root)).toEqual([]);
  });

  it('name what is not there and what is damaged', async () => {
    const directory = scratchDirectory();
    for (const [file, text] of Object.entries(publishedLists()))
      writeFileSync(join(directory, file), text);
    rmSync(join(directory, 'azure.json'));
    writeFileSync(join(directory, 'gcp.json'), '<html>');
    rmSync(join(directory, 'vpn.txt'));
    mkdirSync(join(directory, 'vpn.txt'));
    const ranges = await load({ SERVICE_RANGES_DIRECTORY: directory });
    expect(ranges.missingLists).toEqual(['GCP', 'Azure', 'VPN']);
    expect(
      warnings.map((text) =>
        /The list of (\w+) ranges .*Put a good (\S+) there\.$/.exec(text)?.slice(1),
      ),
    ).toEqual([
      ['GCP', 'gcp.json'],
      ['Azure', 'azure.json'],
      ['VPN', 'vpn.txt'],
    ]);
  });

  it('are an error when the folder is none', async () => {
    const directory = join(root, 'nowhere');
    const error = { code: 'SERVICE_RANGES_DIRECTORY' };
    await expect(load({ SERVICE_RANGES_DIRECTORY: directory })).rejects.toMatchObject(error);
    writeFileSync(directory, '');
    await expect(load({ SERVICE_RANGES_DIRECTORY: directory })).rejects.toMatchObject(error);
  });
});

function load(env: Record<string, string>) {
  return loadServiceRanges({
    paths: { root },
    env,
    onWarning: (message) => warnings.push(message),
    fetch: () => Promise.reject(new Error('a download')),
  });
}

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  configurationDirectory,
  readConfiguration,
  resolveCacheDirectory,
  updateConfiguration,
} from '../../cache/configuration.js';
import { scratchDirectory } from '../support/scratch.js';

const scratchEnv = () => ({ S3_LOG_EXTRACTION_CONFIG_DIR: join(scratchDirectory(), 'config') });

describe('the configuration', () => {
  it('is empty when there is none, and reading creates nothing', () => {
    const env = scratchEnv();
    expect(readConfiguration(env)).toEqual({});
    expect(() => statSync(env.S3_LOG_EXTRACTION_CONFIG_DIR)).toThrow(/ENOENT/);
  });

  it('changes what is given and keeps the rest', () => {
    const env = scratchEnv();
    updateConfiguration(env, { cache: '/data/cache' });
    const path = join(env.S3_LOG_EXTRACTION_CONFIG_DIR, 'config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), later: 1 }));
    updateConfiguration(env, { source: 's3://logs/prefix' });
    expect(readConfiguration(env)).toEqual({
      cache: resolve('/data/cache'),
      source: 's3://logs/prefix',
      later: 1,
    });
    expect(readdirSync(env.S3_LOG_EXTRACTION_CONFIG_DIR)).toEqual(['config.json']);
    expect(statSync(env.S3_LOG_EXTRACTION_CONFIG_DIR).mode & 0o777).toBe(0o700);
  });

  it('remembers a relative cache as an absolute one', () => {
    expect(updateConfiguration(scratchEnv(), { cache: 'here' }).cache).toBe(resolve('here'));
  });

  it.each(['{', '[]', 'null', '{"cache": 5}', '{"source": ""}'])(
    'names the file when it holds %s',
    (text) => {
      const env = { S3_LOG_EXTRACTION_CONFIG_DIR: scratchDirectory() };
      const path = join(env.S3_LOG_EXTRACTION_CONFIG_DIR, 'config.json');
      writeFileSync(path, text);
      for (const act of [() => readConfiguration(env), () => updateConfiguration(env, {})]) {
        expect(act).toThrow(expect.objectContaining({ code: 'CONFIGURATION_DAMAGED' }));
        expect(act).toThrow(path);
      }
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );
});

describe('resolveCacheDirectory', () => {
  const env = { S3_LOG_EXTRACTION_CACHE: '/from/env', HOME: '/home/u' };
  const configuration = { cache: '/from/config' };

  it('prefers the option, then the environment, then the configuration', () => {
    expect(resolveCacheDirectory({ option: 'x', env, configuration })).toBe(resolve('x'));
    expect(resolveCacheDirectory({ option: '', env, configuration })).toBe('/from/env');
    const unset = { ...env, S3_LOG_EXTRACTION_CACHE: '' };
    expect(resolveCacheDirectory({ env: unset, configuration })).toBe('/from/config');
  });

  it.each<[NodeJS.Platform, NodeJS.ProcessEnv, string]>([
    ['linux', { HOME: '/home/u' }, '/home/u/.cache/s3logextraction'],
    ['linux', { HOME: '/home/u', XDG_CACHE_HOME: '/c' }, '/c/s3logextraction'],
    ['linux', { HOME: '/home/u', XDG_CACHE_HOME: 'c' }, '/home/u/.cache/s3logextraction'],
    ['linux', {}, `${userInfo().homedir}/.cache/s3logextraction`],
    ['linux', { HOME: '' }, `${userInfo().homedir}/.cache/s3logextraction`],
    ['linux', { HOME: 'u' }, `${userInfo().homedir}/.cache/s3logextraction`],
    ['darwin', { HOME: '/Users/u' }, '/Users/u/Library/Caches/s3logextraction'],
    ['win32', { LOCALAPPDATA: 'C:\\L' }, 'C:\\L\\s3logextraction'],
    ['win32', { USERPROFILE: 'C:\\u' }, 'C:\\u\\AppData\\Local\\s3logextraction'],
  ])('falls back to the cache folder of %s with %o', (platform, variables, expected) => {
    const found = resolveCacheDirectory({ env: variables, configuration: {}, platform });
    expect(found).toBe(expected);
  });
});

describe('configurationDirectory', () => {
  it.each<[NodeJS.Platform, NodeJS.ProcessEnv, string]>([
    ['linux', { S3_LOG_EXTRACTION_CONFIG_DIR: '/s', XDG_CONFIG_HOME: '/x' }, '/s'],
    ['linux', { HOME: '/home/u', XDG_CONFIG_HOME: '/x' }, '/x/s3logextraction'],
    ['linux', { HOME: '/home/u', XDG_CONFIG_HOME: '' }, '/home/u/.config/s3logextraction'],
    ['darwin', { HOME: '/u' }, '/u/Library/Application Support/s3logextraction'],
    ['win32', { APPDATA: 'C:\\A' }, 'C:\\A\\s3logextraction'],
  ])('on %s with %o', (platform, env, expected) => {
    expect(configurationDirectory(env, platform)).toBe(expected);
  });
});

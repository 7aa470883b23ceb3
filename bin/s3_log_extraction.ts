#!/usr/bin/env node
import { runCli } from './cli.js';

/** Spellings of the Python tool's earlier versions, and what they are called now. */
const OLDER_SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  set_cache: ['config', 'cache', 'set'],
  extract_logs: ['extract'],
  index_ips: ['update', 'ip', 'indexes'],
  update_indexed_region_codes: ['update', 'ip', 'regions'],
  update_region_code_coordinates: ['update', 'ip', 'coordinates'],
};

const [command, ...rest] = process.argv.slice(2);
const isOlder = command !== undefined && Object.hasOwn(OLDER_SPELLINGS, command);
const older = isOlder ? OLDER_SPELLINGS[command] : undefined;
await runCli(older === undefined ? process.argv.slice(2) : [...older, ...rest]);

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DIST, type Ended, type Json, Sandbox } from './cli.js';
import { readTree } from './published-tree.js';

export const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0';
const AGENTS = [PERSON, 'aria2/1.36.0', 'Mozilla/5.0 (compatible; Googlebot/2.1)', '-', PERSON];
const PLUGIN = JSON.stringify(join(DIST, 'src/pipeline/index.js'));

/** A line of a log, as far as it counts here. */
export interface Request {
  readonly key: string;
  readonly agent: string;
  readonly address: string;
  readonly n: number;
}

export const requests = Array.from(
  { length: 400 },
  (_, n): Request => ({
    n,
    key: `ds${n % 4}/sub-${n % 9}/f${n % 30}`,
    agent: AGENTS[(n * 7) % AGENTS.length],
    address: `198.51.${n % 3}.${n % 200}`,
  }),
);

export function logOf(some: readonly Request[]): string {
  return some.map(lineOf).join('');
}

export function lineOf({ key, agent, address, n }: Request): string {
  const day = String(1 + (n % 27)).padStart(2, '0');
  const field = agent === '-' ? '-' : `"${agent}"`;
  return `owner bucket [${day}/Mar/2025:10:00:00 +0000] ${address} - ABCDEF0123456789 REST.GET.OBJECT ${key} "GET /${key} HTTP/1.1" 200 - ${n * 1000 + 7} 12345 17 9 "-" ${field} - id SigV4 ECDHE-RSA-AES128-GCM-SHA256 - bucket.s3.amazonaws.com TLSv1.2 - -\n`;
}

/** A sandbox with a pipeline file. */
export class PipelineSandbox extends Sandbox {
  readonly pipeline = join(this.root, 'pipeline.yaml');

  /** Write the pipeline file; JSON is YAML. */
  writePipeline(...handlers: readonly object[]): void {
    writeFileSync(this.pipeline, JSON.stringify({ version: 1, handlers }));
  }

  /** Write a handler beside the pipeline file. @param plugin what `defineHandler` gets, as code that may use `fs` */
  writeHandler(name: string, plugin: string): { use: string } {
    const code = `import { defineHandler } from ${PLUGIN};\nimport fs from 'node:fs';\nexport default defineHandler(${plugin});\n`;
    writeFileSync(join(this.root, `${name}.mjs`), code);
    return { use: `./${name}.mjs` };
  }

  writeLogs(some: readonly Request[], files = 4): void {
    for (let file = 0; file < files; file++) {
      this.write(`${file}.log`, logOf(some.filter(({ n }) => n % files === file)));
    }
  }

  extract(...args: readonly string[]): Promise<Ended> {
    return this.run(['extract', this.logs, '--pipeline', this.pipeline, '--json', ...args]);
  }

  commits(): Json[] {
    const folder = join(this.cache, 'commits');
    return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  }

  segments(): string[] {
    return readdirSync(join(this.cache, 'segments')).sort();
  }

  async published(...args: readonly string[]): Promise<Map<string, string>> {
    const { status, stderr } = await this.run(['update', 'summaries', '--quiet', ...args]);
    expect([status, stderr]).toEqual([0, '']);
    return readTree(join(this.cache, 'summaries'));
  }
}

/** What is published of some requests that go through no pipeline. */
export async function publishedOf(some: readonly Request[]): Promise<Map<string, string>> {
  const other = new PipelineSandbox();
  other.writeLogs(some);
  expect((await other.run(['extract', other.logs])).status).toBe(0);
  return other.published();
}

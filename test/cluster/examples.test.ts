import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readPlainLine } from '../../bin/plain-line.js';

const EXAMPLES = join(import.meta.dirname, '../../examples');

// biome-ignore lint/suspicious/noExplicitAny: manifests are looked into as they come
type Manifest = any;

function manifest(name: string): Manifest {
  return parse(readFileSync(join(EXAMPLES, name), 'utf8'));
}

async function expectCommand(args: readonly string[], command: string): Promise<void> {
  const line = await readPlainLine(args);
  expect([args, line?.kind]).toEqual([args, 'run']);
  expect(line?.kind === 'run' && line.command.name).toBe(command);
}

it('the Indexed Job of Kubernetes tells its pods how many they are', async () => {
  const { kind, spec } = manifest('kubernetes/extract-job.yaml');
  expect([kind, spec.completionMode]).toEqual(['Job', 'Indexed']);
  const [container] = spec.template.spec.containers;
  const [{ name, value }] = container.env;
  expect([name, value]).toEqual(['JOB_COMPLETION_COUNT', String(spec.completions)]);
  await expectCommand(container.args, 'extract');
});

it('the CronJob of Kubernetes never runs twice at once, and has the cache of the Job', async () => {
  const { kind, spec } = manifest('kubernetes/update-cronjob.yaml');
  expect([kind, spec.concurrencyPolicy]).toEqual(['CronJob', 'Forbid']);
  const pod = spec.jobTemplate.spec.template.spec;
  await expectCommand(pod.containers[0].args, '$0');
  expect(pod.volumes).toEqual(manifest('kubernetes/extract-job.yaml').spec.template.spec.volumes);
});

it.each([
  ['extract', 'extract'],
  ['update', '$0'],
])('the job definition %s of AWS Batch is one', async (name, command) => {
  const { jobDefinitionName, type, containerProperties } = JSON.parse(
    readFileSync(join(EXAMPLES, `aws-batch/${name}-job.json`), 'utf8'),
  );
  expect([jobDefinitionName, type]).toEqual([`s3logs-${name}`, 'container']);
  await expectCommand(containerProperties.command, command);
  const submit = readFileSync(join(EXAMPLES, 'aws-batch/submit.sh'), 'utf8');
  expect(submit).toContain(`--job-definition ${jobDefinitionName} `);
  expect(containerProperties.mountPoints[0].sourceVolume).toBe(containerProperties.volumes[0].name);
});

it('scripts stop at the first error and name no machine of ours', () => {
  for (const name of readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(?:sh|sbatch)$/.test(name)) continue;
    const text = readFileSync(join(EXAMPLES, name), 'utf8');
    expect([name, text]).toEqual([name, expect.stringContaining('set -euo pipefail')]);
  }
});

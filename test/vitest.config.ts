import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// A test must never meet the cache, the source or the password of whoever runs it.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('S3_LOG_EXTRACTION_')) delete process.env[name];
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Most tests wait for processes and disks: one file at a time would leave the cores idle.
    maxWorkers: 3,
    passWithNoTests: false,
    // Generous: a shared machine with two cores must not fail a test. No test asserts a speed.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    env: { NO_COLOR: '1' },
  },
});

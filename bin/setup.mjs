// Makes a fresh clone ready to run: dependencies and build. Plain Node, no dependency, because it
// runs before any is there. Shared by `npm start` (bin/start.mjs) and `npm test` (test/run.mjs).
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const MINIMUM_NODE = [20, 19];
const CODE = ['bin', 'src', 'cache', 'validation'];
/** Folders of AssemblyScript, each compiled to WebAssembly as its asconfig.json says. */
const ASSEMBLIES = [
  'src/extract/assembly',
  'src/pipeline/assembly',
  'src/database/assembly',
  'cache/parquet/assembly',
];
/** What runs in browsers, and knows their types instead of Node's. */
const PROJECTS = ['tsconfig.json', 'src/report/client/tsconfig.json'];
const INSTALL_STAMP = join(root, 'node_modules', '.s3logextraction-installed');
const BUILD_STAMP = join(root, 'dist', '.s3logextraction-built');

/** @throws when this Node is too old to run the code */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const tooOld = major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1]);
  if (tooOld)
    throw new Error(`Node.js ${MINIMUM_NODE.join('.')} or newer is needed, not ${version}.`);
}

/**
 * Install the dependencies unless those of this package-lock.json are there.
 *
 * @returns whether anything had to be done
 */
export async function ensureInstalled(say) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (readOrEmpty(INSTALL_STAMP) === wanted) return false;
  if (!installedByHand()) {
    say('Installing dependencies (npm ci) ...');
    const [command, first] = npmCommand();
    // Development dependencies build and test, so they are wanted even with NODE_ENV=production.
    const result = await run(command, [...first, 'ci', '--include=dev', '--no-audit', '--no-fund']);
    if (result.status !== 0) {
      throw new Error(`npm ci failed:\n${result.output}\nCheck the network and run this again.`);
    }
  }
  writeFileSync(INSTALL_STAMP, wanted);
  return true;
}

/** npm writes its hidden lock file last, so it says that an install went through, and when. */
function installedByHand() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  return (
    existsSync(hidden) &&
    statSync(hidden).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  );
}

/**
 * Compile to dist/ unless every source is as it was at the last build.
 *
 * @returns `{status, output}` of the compiler; status 0 when there was nothing to do
 */
export async function ensureBuilt(say) {
  const sources = CODE.flatMap((folder) => typescriptFiles(folder));
  const configurations = ASSEMBLIES.map((folder) => `${folder}/asconfig.json`);
  const inputs = [...PROJECTS, 'package-lock.json', ...configurations];
  const wanted = JSON.stringify(
    [...inputs, ...sources].map((file) => {
      const { mtimeMs, size } = statSync(join(root, file));
      return [file, mtimeMs, size];
    }),
  );
  if (readOrEmpty(BUILD_STAMP) === wanted) return { status: 0, output: '' };
  say('Building ...');
  rmSync(BUILD_STAMP, { force: true });
  removeStaleOutput(new Set(sources.map((file) => file.slice(0, -'.ts'.length))));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  for (const project of PROJECTS) {
    const result = await run(process.execPath, [compiler, '-p', join(root, project)]);
    if (result.status !== 0) return result;
  }
  for (const folder of ASSEMBLIES) {
    const assembled = await ensureAssembled(folder);
    if (assembled.status !== 0) return assembled;
  }
  for (const name of ['s3logextraction', 's3_log_extraction']) {
    const executable = join(root, 'dist', 'bin', `${name}.js`);
    if (existsSync(executable)) chmodSync(executable, 0o755);
  }
  mkdirSync(dirname(BUILD_STAMP), { recursive: true });
  writeFileSync(BUILD_STAMP, wanted);
  return { status: 0, output: '' };
}

/** Takes longer than all the rest, and is changed least often. */
async function ensureAssembled(folder) {
  const stamp = join(root, 'dist', `.${folder.replaceAll('/', '-')}-built`);
  // One may use files of another.
  const inputs = [...ASSEMBLIES.flatMap(filesBelow), 'package-lock.json'];
  const wanted = inputs
    .map((file) =>
      createHash('sha256')
        .update(readFileSync(join(root, file)))
        .digest('hex'),
    )
    .join('\n');
  if (readOrEmpty(stamp) === wanted) return { status: 0, output: '' };
  rmSync(stamp, { force: true });
  const assembler = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  const configuration = `${folder}/asconfig.json`;
  const result = await run(process.execPath, [assembler, '--config', configuration]);
  if (result.status === 0) writeFileSync(stamp, wanted);
  return result;
}

/** Output of a source that was renamed or removed would otherwise be loaded for ever. */
function removeStaleOutput(sources) {
  for (const folder of CODE) {
    for (const file of filesBelow(join('dist', folder))) {
      const source = file.slice('dist/'.length).replace(/(\.d\.ts|\.js)$/, '');
      if (/(\.d\.ts|\.js)$/.test(file) && !sources.has(source)) rmSync(join(root, file));
    }
  }
}

function typescriptFiles(folder) {
  return filesBelow(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
}

/** Paths of all files below a folder, relative to the repository, with `/`, sorted. */
function filesBelow(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

function readOrEmpty(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** npm as a program and its first arguments, without a shell. */
function npmCommand() {
  const current = process.env.npm_execpath;
  if (current !== undefined && basename(current) === 'npm-cli.js')
    return [process.execPath, [current]];
  const besideNode = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (existsSync(besideNode)) return [process.execPath, [besideNode]];
  return ['npm', []];
}

/**
 * Run a program in the repository.
 *
 * @param options.relay show its output at once instead of only collecting it
 * @returns its exit status (1 when it could not start or was killed) and all it printed
 */
export function run(command, args, { relay = false, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        chunks.push(chunk);
        if (relay) process.stdout.write(chunk);
      });
    }
    const finish = (status, note = '') => {
      // A grandchild left behind may hold the pipes open; what it says no longer matters.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ status, output: Buffer.concat(chunks).toString('utf8') + note });
    };
    child.on('error', (error) => finish(1, `${command} could not be started: ${error.message}\n`));
    child.on('close', (status, signal) =>
      finish(status ?? 1, signal ? `killed by ${signal}\n` : ''),
    );
    child.on('exit', (status, signal) => {
      setTimeout(() => finish(status ?? 1, signal ? `killed by ${signal}\n` : ''), 2_000).unref();
    });
  });
}

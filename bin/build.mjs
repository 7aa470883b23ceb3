// `npm run build`: compiles to dist/ what has changed since the last build.
import { checkNode, ensureBuilt } from './setup.mjs';

checkNode();
const { status, output } = await ensureBuilt((text) => process.stderr.write(`${text}\n`));
process.stdout.write(output);
process.exitCode = status;

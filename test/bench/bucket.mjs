// How fast `extract s3://...` is beside `extract` of the same files in a folder. nginx stands for the store: it serves files as fast as
// any store could on this machine, and looks at no signature; what the program does to sign and to read is all there.
//   node test/bench/bucket.mjs [--rounds N] [--sets big,small]
// nginx must be installed. Prints JSON.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../../bin/setup.mjs';
import { measure } from './measure.mjs';
import { median } from './numbers.mjs';

const SETS = {
  big: ['--size', '2000', '--file-size', '500000'],
  small: ['--size', '300', '--file-size', '15'],
};
const PORT = 28480;
const PAGE = 1000;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    sets: { type: 'string', default: 'big,small' },
  },
});
const program = join(root, 'dist/bin/s3logextraction.js');
const scratch = mkdtempSync(join(tmpdir(), 's3logextraction-bench-'));
const www = join(scratch, 'www');
const env = {
  ...process.env,
  S3_LOG_EXTRACTION_CONFIG_DIR: join(scratch, 'config'),
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_REGION: 'us-east-1',
};

/** nginx gives files the ETag "time-size"; pages of the listing are files, too. */
function writePages(bucket) {
  const names = readdirSync(join(www, bucket)).sort();
  for (let page = 0; page * PAGE < names.length; page++) {
    const objects = names.slice(page * PAGE, (page + 1) * PAGE).map((name) => {
      const { size, mtimeMs } = statSync(join(www, bucket, name));
      const etag = `${Math.floor(mtimeMs / 1000).toString(16)}-${size.toString(16)}`;
      return `<Contents><Key>${encodeURIComponent(name)}</Key><LastModified>${new Date(mtimeMs).toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
    });
    const isLast = (page + 1) * PAGE >= names.length;
    const next = isLast ? '' : `<NextContinuationToken>${page + 1}</NextContinuationToken>`;
    writeFileSync(
      join(scratch, 'pages', `${bucket}-${page}.xml`),
      `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><Prefix></Prefix><MaxKeys>${PAGE}</MaxKeys><EncodingType>url</EncodingType><IsTruncated>${!isLast}</IsTruncated>${next}${objects.join('')}</ListBucketResult>`,
    );
  }
}

function startNginx() {
  const configuration = `
    worker_processes 1; daemon off; pid ${scratch}/nginx.pid; error_log ${scratch}/error.log; user root;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type application/octet-stream;
      client_body_temp_path ${scratch}/t1; proxy_temp_path ${scratch}/t2; fastcgi_temp_path ${scratch}/t3;
      uwsgi_temp_path ${scratch}/t4; scgi_temp_path ${scratch}/t5;
      server {
        listen 127.0.0.1:${PORT}; root ${www};
        location ~ "^/(?<bucket>[a-z]+)/?$" {
          set $page 0;
          if ($args ~ "continuation-token=([0-9]+)") { set $page $1; }
          root ${scratch}/pages; default_type application/xml; rewrite ^ /$bucket-$page.xml break;
        }
      }
    }`;
  writeFileSync(join(scratch, 'nginx.conf'), configuration);
  return spawn('nginx', ['-c', join(scratch, 'nginx.conf')], { stdio: 'inherit' });
}

async function extract(source, ...more) {
  const cache = join(scratch, 'cache');
  const args = [program, 'extract', source, '--cache', cache, '--json', ...more];
  const result = await measure(process.execPath, args, { env });
  rmSync(cache, { recursive: true, force: true });
  return { ...result, report: JSON.parse(result.stdout) };
}

mkdirSync(join(scratch, 'pages'), { recursive: true });
const nginx = startNginx();
try {
  const report = {};
  for (const set of values.sets.split(',')) {
    const folder = join(www, set);
    const make = ['testing', 'generate', 'benchmark', folder, ...SETS[set], '--quiet'];
    await measure(process.execPath, [program, ...make], { env });
    writePages(set);
    await wait(500);
    const times = { local: [], bucket: [] };
    let peakMemoryMb = 0;
    for (let round = 0; round < Number(values.rounds); round++) {
      const local = await extract(folder);
      const options = ['--endpoint', `http://127.0.0.1:${PORT}`, '--hold-days', '0'];
      const bucket = await extract(`s3://${set}`, ...options);
      if (JSON.stringify(local.report.lines) !== JSON.stringify(bucket.report.lines)) {
        throw new Error(`${set}: the bucket gave other lines than the folder`);
      }
      times.local.push(local.seconds);
      times.bucket.push(bucket.seconds);
      peakMemoryMb = Math.max(peakMemoryMb, bucket.peakMemoryMb ?? 0);
      report[set] = {
        files: bucket.report.files.extracted,
        megabytes: Math.round(bucket.report.bytes / 1e6),
      };
    }
    const [local, bucket] = [median(times.local), median(times.bucket)];
    Object.assign(report[set], { localSeconds: local, bucketSeconds: bucket });
    Object.assign(report[set], { speedBesideLocal: local / bucket, peakMemoryMb });
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  nginx.kill();
  rmSync(scratch, { recursive: true, force: true });
}

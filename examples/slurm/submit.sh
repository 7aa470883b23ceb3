#!/usr/bin/env bash
# Extract by an array of tasks, then make everything that is published:
#   LOGS=/shared/logs CACHE=/shared/cache SHARDS=16 ./submit.sh
# All nodes need s3logextraction, and the same key: S3_LOG_EXTRACTION_PASSWORD, or a home that they share.
# Prints the numbers of the two jobs.
set -euo pipefail
cd "$(dirname "$0")"
: "${LOGS:?folder or s3://bucket/folder of the logs}" "${CACHE:?folder of the cache, on a file system that all nodes share}"
export LOGS CACHE

extract=$(sbatch --parsable --array="1-${SHARDS:-8}" extract.sbatch)
update=$(sbatch --parsable --dependency="afterok:$extract" --kill-on-invalid-dep=yes update.sbatch)
echo "$extract $update"

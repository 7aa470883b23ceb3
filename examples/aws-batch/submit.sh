#!/usr/bin/env bash
# Extract by an array job of AWS Batch, then make everything that is published:
#   QUEUE=my-queue SHARDS=16 ./submit.sh
# Once before: replace ACCOUNT, REGION, fs-00000000 and s3://my-logs/access in the two files, then
#   aws batch register-job-definition --cli-input-json file://extract-job.json      (and update-job.json)
# The cache is on EFS, which all tasks share.
set -euo pipefail
: "${QUEUE:?name of the job queue}"

extract=$(aws batch submit-job --job-name s3logs-extract --job-queue "$QUEUE" --job-definition s3logs-extract \
  --array-properties "size=${SHARDS:-16}" --query jobId --output text)
aws batch submit-job --job-name s3logs-update --job-queue "$QUEUE" --job-definition s3logs-update \
  --depends-on "jobId=$extract" --query jobId --output text

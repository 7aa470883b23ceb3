// What clients send. Strings are Latin-1: one character is one byte of the log.

/** User agents as they come. */
export const AGENTS: readonly string[] = [
  'aws-cli/2.15.30 Python/3.11.8 Linux/5.15.0-1057-aws exe/x86_64.ubuntu.22 prompt/off command/s3.sync',
  'Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux#5.10.210 md/arch#x86_64 lang/python#3.10.12 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.34.84',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.3.1 Safari/605.1.15',
  'git-annex/10.20240129',
  'python-requests/2.31.0',
  'datalad/0.19.6 (git-annex/10.20240129)',
  'aws-sdk-go-v2/1.25.2 os/linux lang/go#1.22.0 md/GOOS#linux md/GOARCH#amd64 api/s3#1.51.1',
  'rclone/v1.65.2',
  'Wget/1.21.2',
  'curl/8.4.0',
  '-',
];

export const REFERERS: readonly string[] = [
  '-',
  '-',
  '-',
  '-',
  '-',
  'https://openneuro.org/',
  'https://www.example.org/datasets/view?sort=name&page=2',
  'https://neurosift.example.org/?p=/nwb&url=https%3A%2F%2Fexample.org%2Fassets%2Fdownload%2F',
];

/** What attackers and broken programs send; none of it may change what is counted. */
export const HOSTILE_AGENTS: readonly string[] = [
  '" 200 - 999999999999 999999999999 1 1 "-" "evil/1.0',
  'a" "b" "c',
  'x" 404 NoSuchKey 1 2 3 4 "-" "-" - host - - - - -',
  "() { :; }; /bin/true $(id) `id` ';--",
  '<?php echo 1; ?> =cmd|"/c calc"!A1',
  'tab\there\rCR and \x00 NUL \x1b[2J',
  'bytes \xff\xfe\xe2\x80\xa8 end',
  'HTTP/1.1" 206 - 1 1 1 1 "',
  '\\" \\\\ "',
  '',
];

export const HOSTILE_REFERERS: readonly string[] = [
  '" 200 - 888888888888 888888888888 7 7 "-" "fake',
  'https://example.org/?q="quoted"&x=%22',
  'javascript:alert(1)//"><script>',
  '\xe9\xff\x01',
];

const HEX_64 = '8787a3c41bf7ce0d54359d9348ad5b08e16bd5bb8ae5aa4e1508b435773a066e';

export const REQUESTERS: readonly string[] = [
  '-',
  '-',
  '-',
  '-',
  '-',
  '-',
  '-',
  HEX_64,
  'arn:aws:iam::111122223333:user/alice',
  'arn:aws:sts::111122223333:assumed-role/mirror-worker/i-0abc1234def567890',
  'svc:cloudfront.amazonaws.com',
  'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEID',
];

/** Query strings of targets; the quotes are raw, a space never occurs in one. */
export const QUERIES: readonly string[] = [
  ...Array<string>(12).fill(''),
  '?versionId=3HL4kqtJvjVBH40Nrjfkd.XE1bXYr1aE',
  `?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20240101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20240101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=${HEX_64}&x-id=GetObject`,
  '?response-content-disposition=attachment;filename="scan.nii.gz"',
];

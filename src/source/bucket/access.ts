/** What requests for objects need. It holds a secret: it goes to threads of this process and nowhere else. */
export interface BucketAccess {
  /** `https://bucket.s3.eu-west-1.amazonaws.com`, `http://127.0.0.1:9000`. */
  readonly origin: string;
  /** Path of the bucket, `/` at its end: `/`, or `/bucket/` where the store wants it so. */
  readonly basePath: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

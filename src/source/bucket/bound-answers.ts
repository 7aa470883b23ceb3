import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { readAnswer } from './answer-body.js';

/** Have a client read answers as far as answers go: what a store says may have no end. */
export function boundAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { body: unknown };
      if (response.body instanceof Readable) {
        response.body = Readable.from([await readAnswer(response.body)]);
      }
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'boundAnswer' },
  );
}

/** Which bucket `s3://bucket/prefix` means, and at which address it answers. */
import { expected, usageError } from '../../core/errors.ts';
import type { HomeParts } from '../store-home.ts';

export interface S3Place {
  readonly bucket: string;
  /** Before the names of the store: empty, or with a `/` at its end. */
  readonly prefix: string;
  /** `s3://bucket/prefix` */
  readonly where: string;
  /** What is before an object's key: the bucket is in the host, or is the last of the path. */
  readonly base: string;
  /** For messages. */
  readonly host: string;
  readonly region: string;
}

/**
 * The endpoint is that of AWS unless `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` names another one, as MinIO, R2 or
 * Ceph have. Those get the bucket in the path; AWS gets it in the host, but for a bucket with a dot, which
 * its certificate does not cover.
 *
 * @throws EverypageError USAGE where the text or the environment cannot be meant
 */
export function readS3Place(text: string, env: HomeParts['env']): S3Place {
  const [, bucket = '', path = ''] =
    /^s3:\/\/([a-z0-9][a-z0-9._-]{1,62})(?:\/+([^?#]*))?$/i.exec(text) ?? [];
  const segments = path.split('/').filter((segment) => segment !== '');
  const isPath = segments.every((segment) => !/^\.{1,2}$|\p{Cc}/u.test(segment));
  if (bucket === '' || !isPath) {
    // Without what may be a password.
    const shown = text.replace(/^(s3:\/*)[^/]*@/i, '$1');
    throw expected('a store such as s3://bucket/prefix', shown);
  }
  const prefix = segments.map((segment) => `${segment}/`).join('');
  const where = `s3://${[bucket, ...segments].join('/')}`;
  const own = readEndpoint(env);
  const region =
    env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || (own === null ? '' : 'us-east-1');
  if (!/^[a-z0-9-]+$/i.test(region)) {
    throw usageError(
      `the store ${where} needs the region of its bucket: set AWS_REGION, such as AWS_REGION=eu-central-1; for a server of your own, AWS_ENDPOINT_URL_S3`,
    );
  }
  if (own !== null) {
    const base = `${own.origin}${own.pathname.replace(/\/+$/, '')}/${bucket}`;
    return { bucket, prefix, where, base, host: own.host, region };
  }
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const base = bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
  return { bucket, prefix, where, base, host, region };
}

function readEndpoint(env: HomeParts['env']): URL | null {
  const name = env['AWS_ENDPOINT_URL_S3'] ? 'AWS_ENDPOINT_URL_S3' : 'AWS_ENDPOINT_URL';
  const text = env[name];
  if (!text) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const isMeant =
    url !== null && /^https?:$/.test(url.protocol) && url.username + url.search + url.hash === '';
  if (isMeant) return url;
  throw usageError(`expected a URL such as https://minio.example:9000 in ${name}`);
}

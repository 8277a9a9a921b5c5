/** What signs requests to a bucket: keys from the environment, or whatever AWS's own chain of providers finds. */
import { EverypageError, usageError } from '../../core/errors.ts';
import { loadPeer } from '../connect.ts';
import type { HomeParts } from '../store-home.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Asked before each request: those of a role expire, and are renewed. */
export type CredentialSource = () => Promise<S3Credentials>;

const INSTALL = 'npm install @aws-sdk/credential-providers';

const loadChain = () => import('@aws-sdk/credential-providers');

/** @throws EverypageError USAGE where half of a pair is missing, or the package that reads profiles and roles */
export async function credentialSource(
  env: HomeParts['env'],
  load = loadChain,
): Promise<CredentialSource> {
  // A file often ends in a line break.
  const [accessKeyId, secretAccessKey, sessionToken] = [
    ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  ].map((name) => env[name]?.trim() || undefined);
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return async () => ({ accessKeyId, secretAccessKey, sessionToken });
  }
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    const missing = accessKeyId === undefined ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY';
    throw usageError(`${missing} is not set; it belongs to the other half of the key that is`);
  }
  const { fromNodeProviderChain } = await loadPeer(
    load,
    `no credentials for S3 are in the environment: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for profiles and roles, ${INSTALL} beside everypage`,
  );
  const provide = fromNodeProviderChain();
  return async () => {
    try {
      return await provide();
    } catch (cause) {
      throw new EverypageError(
        'USAGE',
        'no credentials for S3 were found, in the environment, in a profile or from a role; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
        { cause },
      );
    }
  };
}

/** TLS contexts of a run, made once each: loading authorities costs milliseconds. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { TransportError } from './transport.ts';

export interface TlsIdentity {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

export interface TlsContexts {
  /** Node's authorities (with NODE_EXTRA_CA_CERTS) and the given ones. */
  usual(): SecureContext;
  /** The operating system's authorities too: where a company's own are installed. */
  withSystem(): SecureContext;
}

/** Nothing is loaded before it is asked for; a bad PEM throws then, with fault `certificate`. */
export function createTlsContexts(identity: TlsIdentity): TlsContexts {
  let usual: SecureContext | null = null;
  let withSystem: SecureContext | null = null;
  return {
    usual: () => {
      usual ??= build(
        identity,
        identity.ca === null ? null : [...getCACertificates('default'), identity.ca],
      );
      return usual;
    },
    withSystem: () => {
      withSystem ??= build(identity, [
        ...getCACertificates('default'),
        ...getCACertificates('system'),
        ...(identity.ca === null ? [] : [identity.ca]),
      ]);
      return withSystem;
    },
  };
}

function build(identity: TlsIdentity, ca: string[] | null): SecureContext {
  try {
    return createSecureContext({
      ...(ca === null ? {} : { ca }),
      ...(identity.cert === null ? {} : { cert: identity.cert }),
      ...(identity.key === null ? {} : { key: identity.key }),
    });
  } catch (error) {
    throw new TransportError(
      'certificate',
      `the certificates given cannot be used (${(error as Error).message}): check --cacert, --cert and --cert-key`,
      { cause: error },
    );
  }
}

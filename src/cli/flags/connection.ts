import { path, proxyUrl } from '../flag-values.ts';
import { group } from './group.ts';

export const connection = group('Connection', ['fetch', 'explain', 'head'], {
  proxy: {
    verbs: ['fetch', 'explain', 'head', 'worker'],
    short: 'x',
    option: 'proxy',
    value: proxyUrl,
    help: "proxy for all requests; '' for none",
    detail:
      'Default: HTTPS_PROXY, http_proxy, ALL_PROXY and NO_PROXY of the environment. Upper-case HTTP_PROXY is ignored, as in curl.',
  },
  insecure: {
    verbs: ['fetch', 'explain', 'head', 'worker'],
    short: 'k',
    option: 'insecure',
    on: true,
    help: 'accept any certificate',
    detail:
      'Anyone between you and the server can then read and change everything. Prefer --cacert.',
  },
  cacert: {
    verbs: ['fetch', 'explain', 'head', 'worker'],
    option: 'caFile',
    value: path('ca.pem'),
    help: 'also trust the certificate authorities in this PEM file',
    detail: 'NODE_EXTRA_CA_CERTS works too.',
  },
  cert: {
    verbs: ['fetch', 'explain', 'head', 'worker'],
    option: 'certFile',
    value: path('client.pem'),
    help: 'client certificate, PEM',
    needs: { 'cert-key': 'a certificate and its private key' },
  },
  'cert-key': {
    verbs: ['fetch', 'explain', 'head', 'worker'],
    option: 'keyFile',
    value: path('client.key'),
    help: 'private key of the client certificate, PEM',
    needs: { cert: 'a certificate and its private key' },
  },
  'http1.1': {
    option: 'protocol',
    on: 'http1',
    help: 'HTTP/1.1 only',
    detail: 'Default: HTTP/2 if the server offers it, else HTTP/1.1.',
    verbs: ['fetch', 'explain', 'demo'],
    excludes: { http2: 'a run uses one of the two protocols' },
  },
  http2: {
    option: 'protocol',
    on: 'http2',
    help: 'HTTP/2 only, without negotiation on http://',
  },
});

/**
 * What two requests for the same page have in common: the path and the parameters, whatever their order
 * and whatever credentials are among them. The host does not count: the client asks another one now.
 */
import { isSecretName, redactUrl } from '../core/redact.ts';

/** What stands in an archive for a credential: see core/redact.ts. */
const WITHHELD = /^REDACTED/;

/** The parts of a name. */
export interface RequestTarget {
  /** As it was written. */
  readonly path: string;
  /** As they were written, `name=value`, without credentials. */
  readonly parameters: readonly string[];
}

/** @param url absolute, or a path with its query */
export function targetOf(url: string): RequestTarget {
  const [whole = ''] = redactUrl(url).split('#', 1);
  const from = /^[a-z][a-z\d+.-]*:\/\/[^/?]*/i.exec(whole)?.[0].length ?? 0;
  const mark = whole.indexOf('?', from);
  const path = whole.slice(from, mark === -1 ? undefined : mark) || '/';
  const query = mark === -1 ? '' : whole.slice(mark + 1);
  const parameters = query.split('&').filter((part) => part !== '' && !isCredential(part));
  return { path, parameters };
}

function isCredential(parameter: string): boolean {
  const value = parameter.slice(parameter.indexOf('=') + 1);
  // An empty one was not withheld.
  return WITHHELD.test(value) || (value === '' && isSecretName(parameterName(parameter)));
}

/** Equal for two requests for the same page. */
export function nameOf({ path, parameters }: RequestTarget): string {
  return `${path}?${parameters.toSorted().join('&')}`;
}

/** A parameter's own name, decoded: `page%5Bsize%5D=5` → `page[size]`. */
export function parameterName(parameter: string): string {
  return decoded(parameter.split('=', 1)[0]!);
}

/** A parameter's value, decoded. */
export function parameterValue(parameter: string): string {
  const equals = parameter.indexOf('=');
  return equals === -1 ? '' : decoded(parameter.slice(equals + 1));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

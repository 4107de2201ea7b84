// Reads a database URL. As with libpq, it may name several servers, of which one takes writes:
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
import { escapesOfUrls, StartupError } from '../domain/errors.ts'

export interface PostgresHosts {
  /** For messages, without the password. */
  readonly name: string
  /** One URL for each host, in the order to try them. */
  readonly urls: readonly [string, ...string[]]
  /** Whether the server must take writes. */
  readonly wantsPrimary: boolean
}

/**
 * Refuses a URL that can be read in two ways: part of a password with reserved characters could be taken for the name of a
 * host, and appear in a message.
 * @throws StartupError `configuration_invalid`
 */
export function readHosts(url: string): PostgresHosts {
  const [, scheme = '', person = '', places = '', path = '', query = ''] = form.exec(url) ?? []
  if (scheme === '' || person === '@' || person.startsWith(':')) throw unclear()
  const parameters = new URLSearchParams(query)
  const wanted = parameters.get('target_session_attrs')
  if (wanted !== null && !attributes.has(wanted)) {
    throw new StartupError(
      'configuration_invalid',
      'The database URL has a target_session_attrs that is none of any, read-write and primary: Hallpass writes.',
    )
  }
  const named = parameters.get('host')?.split(',')
  const ports = parameters.get('port')?.split(',') ?? []
  readSslMode(parameters)
  for (const name of ['target_session_attrs', 'host', 'port']) parameters.delete(name)
  const [first, ...others] = (named ?? places.split(',')).map((host, index) => {
    const rest = new URLSearchParams(parameters)
    const port = ports[index] ?? ports[0]
    if (named !== undefined) rest.set('host', host)
    if (port !== undefined) rest.set('port', port)
    const text = rest.size === 0 ? '' : `?${rest.toString()}`
    return `${scheme}${person}${named === undefined ? host : 'localhost'}${path}${text}`
  })
  if (first === undefined || ![first, ...others].every((one) => URL.canParse(one))) throw unclear()
  const wantsPrimary = others.length > 0 || (wanted !== null && wanted !== 'any')
  return { name: named?.join(',') ?? places, urls: [first, ...others], wantsPrimary }
}

/** Every mode that asks for TLS checks the certificate, except no-verify. The client announces that its default will change. */
function readSslMode(parameters: URLSearchParams): void {
  const mode = parameters.get('sslmode')
  if (mode === null || parameters.get('uselibpqcompat') === 'true') return
  if (!sslModes.has(mode)) {
    throw new StartupError(
      'configuration_invalid',
      `The database URL has an sslmode that is none of ${[...sslModes].join(', ')}.`,
    )
  }
  if (mode !== 'disable' && mode !== 'no-verify') parameters.set('sslmode', 'verify-full')
}

const sslModes: ReadonlySet<string> = new Set([
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
  'no-verify',
])

// Scheme, user and password, hosts with their ports, path, query.
const form = /^(postgres(?:ql)?:\/\/)([^@/?#]*@)?([^@/?#]*)(\/[^@?#]*)?(\?[^@#]*)?$/

const attributes: ReadonlySet<string> = new Set(['any', 'read-write', 'primary'])

function unclear(): StartupError {
  return new StartupError(
    'configuration_invalid',
    `The database URL must be of the form postgres://user:password@host/database: ${escapesOfUrls}.`,
  )
}

// The options of a program that starts the authority are checked, whatever that program forgot to check.
import { expect, test } from 'vitest'

import { checkOptions, type ServeOptions } from './config.ts'

const sound: ServeOptions = { listen: { host: '127.0.0.1', port: 0 }, dataDirectory: '/srv/data', logLevel: 'silent' }
const odd = ['"X"', "'X'", '“X”', 'X\r', ' X', 'X\n', 'X\0', 'a\rX', 'X"']

test.each(odd)('paths and addresses like %j are refused by their names', (shape) => {
  const of = (text: string) => shape.replace('X', text)
  const refused: [Partial<ServeOptions>, RegExp][] = [
    [{ dataDirectory: of('./d') }, /--data/],
    [{ databaseUrl: of('postgres://h/db') }, /--database-url/],
    [{ publicUrl: of('https://h.example') }, /--public-url/],
    [{ mail: { smtpUrl: of('smtp://h'), from: 'a@example.com' } }, /HALLPASS_SMTP_URL/],
    [{ oidc: { issuer: of('https://id.example'), clientId: 'x' } }, /HALLPASS_OIDC_ISSUER/],
  ]
  for (const [options, name] of refused) expect(() => checkOptions({ ...sound, ...options })).toThrow(name)
})

test('secrets with the carriage return of a CRLF file are refused by their names', () => {
  const bootstrap = { email: 'ada@example.com', password: 'a long password\r' }
  expect(() => checkOptions({ ...sound, bootstrap })).toThrow(/HALLPASS_BOOTSTRAP_PASSWORD has a control character/)
  const oidc = { issuer: 'https://id.example', clientId: 'x', clientSecret: 's\r' }
  expect(() => checkOptions({ ...sound, oidc })).toThrow(/HALLPASS_OIDC_CLIENT_SECRET has a control character/)
})

test.each(['pa#ss', '12#ss', '12/ss', 'pa?ss', '100%', '5%zz'])(
  'a password %j in an address says how it is written',
  (password) => {
    const mail = { smtpUrl: `smtp://hall:${password}@mail.example:587`, from: 'a@example.com' }
    const start = () => checkOptions({ ...sound, mail })
    expect(start).toThrow(/^HALLPASS_SMTP_URL .*# .*as %23, \/ as %2F, \? as %3F, @ as %40, : as %3A and % as %25$/)
    expect(start).not.toThrow(password)
    const escaped = { ...mail, smtpUrl: `smtp://hall:${encodeURIComponent(password)}@mail.example:587` }
    expect(checkOptions({ ...sound, mail: escaped }).mail?.server.credentials?.password.reveal()).toBe(password)
  },
)

test.each(['./d\u3164', './d\ufffd', './d\\', 'file:/srv/d'])('a data directory %j is refused', (data) => {
  expect(() => checkOptions({ ...sound, dataDirectory: data })).toThrow(/--data/)
})

test.each([[undefined], [null], [7], [new URL('file:///srv/data')], ['']])(
  'a data directory that is %s is refused',
  (data) => {
    expect(() => checkOptions({ ...sound, dataDirectory: data as string })).toThrow(/--data/)
  },
)

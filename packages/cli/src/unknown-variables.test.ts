// A note names a variable that nothing reads, and the name that is probably meant; not what platforms set themselves.
import { expect, test } from 'vitest'

import { listSettings, variableOf } from './settings.ts'
import { describeUnknownVariables, expectKnownVariables } from './unknown-variables.ts'

const note = (name: string) => describeUnknownVariables({ [name]: 'a value' })

test.each([
  ['HALLPASS_PUBLIC_URL_FILE', 'only secrets may be in files. Set HALLPASS_PUBLIC_URL itself'],
  ['HALLPASS_PUBILC_URL', 'did you mean HALLPASS_PUBLIC_URL?'],
  ['HALLPASS_ROOTKEY', 'did you mean HALLPASS_ROOT_KEY?'],
  ['HALLPASS_ROOT_KEY_FLIE', 'did you mean HALLPASS_ROOT_KEY_FILE?'],
  ['HALLPASS_TRUSTED_PROXY', 'did you mean HALLPASS_TRUSTED_PROXIES?'],
  ['HALLPASS_OICD_ISSUER', 'did you mean HALLPASS_OIDC_ISSUER?'],
])('%s: %s', (name, advice) => {
  expect(note(name)).toEqual([
    `Note: ${name} is not known and has no effect: ${advice}${advice.endsWith('?') ? '' : '.'}`,
  ])
})

test('a name that is near none gets no advice', () => {
  expect(note('HALLPASS_FAVOURITE_COLOUR')).toEqual(['Note: HALLPASS_FAVOURITE_COLOUR is not known and has no effect'])
})

test.each([
  'HALLPASS_API_URL',
  'HALLPASS_ROOT_KEY_FILE',
  'HALLPASS_SERVICE_HOST',
  'HALLPASS_PORT_4280_TCP_ADDR',
  'PATH',
  ...listSettings().map(({ name }) => variableOf(name)),
])('%s is not reported', (name) => {
  expect(note(name)).toEqual([])
})

const token = `fm2_${'Ab3+/9'.repeat(10)}`

test.each([
  ...['TOKEN', 'API_KEY', 'ACCESS_TOKEN', 'AUTH', 'PASSWORD', 'API_TOKNE', 'API_TOKEN_FIL', 'TOKEN_FILE', 'PAT'].map(
    (name) => [`HALLPASS_${name}`, 'a value', 'HALLPASS_API_TOKEN'],
  ),
  ['HALPASS_API_TOKEN', 'a value', 'HALLPASS_API_TOKEN'],
  ['HALL_PASS_TOKEN', 'a value', 'HALLPASS_API_TOKEN'],
  ['hallpass_api_token', 'a value', 'HALLPASS_API_TOKEN'],
  ['HALLPSAS_API_TOKEN', 'a value', 'HALLPASS_API_TOKEN'],
  ['HLALPASS_API_TOKEN', 'a value', 'HALLPASS_API_TOKEN'],
  ['HALLPASSAPI_TOKEN', 'a value', 'HALLPASS_API_TOKEN'],
  ['HALLPASS-API-URL', 'a value', 'HALLPASS_API_URL'],
  ['HALLPASS_CI', token, 'HALLPASS_API_TOKEN'],
  ['HALLPASS_TOKEN', '', 'HALLPASS_API_TOKEN'],
  ...['URL', 'SERVER', 'HOST', 'API', 'ENDPOINT', 'API_BASE_URL', 'ADDRESS', 'API_URL_FILE'].map((name) => [
    `HALLPASS_${name}`,
    'a value',
    'HALLPASS_API_URL',
  ]),
  ['HALLPASS_STAGING', 'https://hallpass.example', 'HALLPASS_API_URL'],
  ['HALLPASS_CONFIG', '/etc/hallpass', 'HALLPASS_CONFIG_DIR'],
  ['HALLPASS_HOME', '/etc/hallpass', 'HALLPASS_CONFIG_DIR'],
])('%s=%s is refused to clients, who may mean %s', (name = '', value = '', meant = '') => {
  const check = (flags: object) => () => expectKnownVariables({ [name]: value }, flags)
  expect(check({})).toThrow(new RegExp(`^${name} is not known and has no effect: .*${meant}`))
  expect(check({})).not.toThrow(/a value|fm2|example/)
  expect(check({ accessToken: 'x', apiUrl: 'x' })).not.toThrow()
  expect(check(meant === 'HALLPASS_API_URL' ? { accessToken: 'x' } : { apiUrl: 'x' })).toThrow(name)
})

test.each([
  'HALLPASS_VERSION',
  'HALLPASS_ORG',
  'HALLPASS_ROOT_KEY_FILE',
  'HALLPASS_SERVICE_HOST',
  'HALLPASS_API_SERVICE_PORT_HTTP',
  'HALLPASS_API_PORT_4280_TCP_ADDR',
  'FLY_TOKEN',
])('%s is not refused to them', (name) => {
  expect(() => expectKnownVariables({ [name]: 'a value' }, {})).not.toThrow()
})

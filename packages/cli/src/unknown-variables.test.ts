// A variable that nothing reads is told, with the name that is probably meant; what platforms set by themselves is not.
import { expect, test } from 'vitest'

import { listSettings, variableOf } from './settings.ts'
import { describeUnknownVariables } from './unknown-variables.ts'

const note = (name: string) => describeUnknownVariables({ [name]: 'a value' })

test.each([
  ['HALLPASS_PUBLIC_URL_FILE', 'only secrets may be in files. Set HALLPASS_PUBLIC_URL itself'],
  ['HALLPASS_PUBILC_URL', 'did you mean HALLPASS_PUBLIC_URL?'],
  ['HALLPASS_ROOTKEY', 'did you mean HALLPASS_ROOT_KEY?'],
  ['HALLPASS_ROOT_KEY_FLIE', 'did you mean HALLPASS_ROOT_KEY_FILE?'],
  ['HALLPASS_TRUSTED_PROXY', 'did you mean HALLPASS_TRUSTED_PROXIES?'],
  ['HALLPASS_OICD_ISSUER', 'did you mean HALLPASS_OIDC_ISSUER?'],
])('%s: %s', (name, advice) => {
  expect(note(name)).toEqual([`Note: ${name} is not known and has no effect: ${advice}`])
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
])('%s is not told', (name) => {
  expect(note(name)).toEqual([])
})

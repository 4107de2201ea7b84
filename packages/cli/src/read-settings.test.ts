// A variable that is set and empty is refused by name wherever its default is less safe; and no secret is ever the default.
import { expect, test } from 'vitest'

import { createSettingReader } from './read-settings.ts'
import { readInstallation } from './installation.ts'
import { listSettings, variableOf } from './settings.ts'
import type { Context } from './context.ts'

const context = (environment: Record<string, string>) => ({ environment, directory: '/srv' }) as unknown as Context

const refusing = new Set([
  'HALLPASS_DATA',
  'HALLPASS_PUBLIC_URL',
  'HALLPASS_REQUIRE_PKCE',
  'HALLPASS_ROOT_KEY',
  'HALLPASS_DATABASE_URL',
  'HALLPASS_AUTHORIZE_RULES',
  'HALLPASS_BOOTSTRAP_PASSWORD',
  'HALLPASS_SMTP_URL',
  'HALLPASS_OIDC_CLIENT_SECRET',
])

test.each(listSettings())('$name', ({ name, ...setting }) => {
  const variable = variableOf(name)
  const names = 'isSecret' in setting ? [variable, `${variable}_FILE`] : [variable]
  for (const given of names) {
    for (const value of ['', ' \n']) {
      const where = context({ [given]: value })
      const read = () => {
        readInstallation(where, {})
        const reader = createSettingReader(where, {})
        return 'isSwitch' in setting ? reader.isOn(name) : reader.text(name)
      }
      if (refusing.has(variable)) expect(read).toThrow(`${given} is set, but empty: give it a value, or unset it`)
      else expect([undefined, false]).toContain(read())
    }
  }
})

test('a flag goes before a variable that is empty', () => {
  const where = context({ HALLPASS_DATA: '', HALLPASS_DATABASE_URL: '' })
  const flags = { data: './d', databaseUrl: 'postgres://h/db' }
  expect(readInstallation(where, flags)).toMatchObject({ dataDirectory: '/srv/d', databaseUrl: 'postgres://h/db' })
})

test('times before an end are read as days, in any unit', () => {
  const read = (given: string) => createSettingReader(context({}), { notifyBefore: given }).days('notifyBefore')
  expect(read('30d, 1w,24h')).toEqual([30, 7, 1])
  expect(read('none')).toEqual([])
  expect(read('36h')).toEqual([1.5])
  expect(() => read('30')).toThrow('--notify-before')
  expect(() => read('30d,')).toThrow('--notify-before')
  expect(createSettingReader(context({}), {}).days('notifyBefore')).toBeUndefined()
})

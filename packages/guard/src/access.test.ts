// Accesses are taken and refused as the contract does it.
import { routes } from '@hallpass/client/contract'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { takeAccess } from './access.ts'

const { access: contract } = routes.authorizeToken.body.shape

const value = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom('r', 'rw', '*', '', 'web', 'acme', '10.0.0.1', '::1') },
  { weight: 1, arbitrary: fc.constantFrom<unknown[]>('x'.repeat(513), 7, null, undefined, ['ls'], [1], {}, 'q') },
)
const fields = {
  action: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('r', 'w', 'rwcdC', '*', '', 'r'.repeat(32), 'r'.repeat(33)) },
    { weight: 1, arbitrary: value },
  ),
  org_slug: value,
  app_name: value,
  org_feature: value,
  app_feature: value,
  volume_id: value,
  machine_id: value,
  machine_feature: value,
  command: fc.oneof(value, fc.array(fc.string(), { maxLength: 3 })),
  mutation: value,
  source_machine: value,
  source_address: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('10.0.0.1', '2001:db8::1') },
    { weight: 1, arbitrary: value },
  ),
  storage_object: value,
  another: value,
}
const some = fc.subarray(['org_slug', 'app_name', 'action', ...Object.keys(fields)], { minLength: 1, maxLength: 6 })
const access = fc
  .tuple(fc.record(fields), some)
  .map(([full, names]) => Object.fromEntries(Object.entries(full).filter(([name]) => names.includes(name))))

test('an access is one if the contract says so', () => {
  let taken = 0
  fc.assert(
    fc.property(fc.oneof(access, fc.constantFrom<unknown[]>(null, 'r', [], undefined)), (asked) => {
      const parsed = contract.safeParse(asked)
      // Names that nothing has are the guard's to refuse: they may come from a request.
      const names = ['org_slug', 'app_name'] as const
      const isOfNames = parsed.error?.issues.every(
        ({ path: [field], code }) => code === 'invalid_format' && names.some((name) => name === field),
      )
      // A field that is undefined is left out.
      const isLeftOut = typeof asked === 'object' && asked !== null && 'another' in asked && asked.another === undefined
      if (isOfNames === true || isLeftOut) return
      if (!parsed.success) {
        expect(() => takeAccess(asked as object)).toThrow(TypeError)
        return
      }
      taken += 1
      const { action, org_slug: slug, app_name: appName } = parsed.data
      expect(takeAccess(asked as object)).toMatchObject({ slug, appName, access: { action } })
    }),
    { numRuns: 3000 },
  )
  expect(taken).toBeGreaterThan(50)
})

test('an error names the field, and never says what is in it', () => {
  expect(() => takeAccess({ org_slug: 'acme', machine_id: 'secret' })).toThrow('access.machine_id needs app_name')
  expect(() => takeAccess({ org_slug: 'acme', action: 'secret' })).toThrow(
    /^access\.action has a letter that is no action/,
  )
  expect(() => takeAccess({ org_slug: 'acme', source_address: 'secret' })).toThrow(
    'access.source_address is not an IPv4',
  )
})

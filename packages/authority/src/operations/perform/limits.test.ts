import { describe, expect, it } from 'vitest'

import { createLimits, networkOf, siteOf } from './limits.ts'

/** Limits with a clock in milliseconds that the test sets. */
function createStage() {
  const clock = { now: 0 }
  return { clock, limits: createLimits(() => clock.now) }
}

describe('the network of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['2001:DB8:0001:2::6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['2001:db8::6', '2001:db8:0:0::/64', '2001:db8:0::/48'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64', '2001:db8:0::/48'],
    ['::1', '0:0:0:0::/64', '0:0:0::/48'],
    ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.7'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
    ['', '', ''],
  ])('%s is of %s, at the site %s', (address, network, site) => {
    expect(networkOf(address)).toBe(network)
    expect(siteOf(address)).toBe(site)
  })
})

describe('the limit on denials', () => {
  it('takes thirty at once, then one a second', () => {
    const { clock, limits } = createStage()
    const { denialLimit: limit } = limits
    const taken = Array.from({ length: 40 }, () => limit.take('token 1')).filter((wait) => wait === 0)
    expect(taken).toHaveLength(30)
    clock.now = 500
    expect(limit.take('token 1')).toBe(1)
    clock.now = 1600
    expect(limit.take('token 1')).toBe(0)
    clock.now = 1700
    expect(limit.take('token 1')).toBe(1)
    expect(limit.take('token 2')).toBe(0)
  })
})

describe('the limit on discharges', () => {
  it('takes six hundred at once, then ten a second, for each token', () => {
    const { clock, limits } = createStage()
    const { dischargeLimit: limit } = limits
    const taken = Array.from({ length: 700 }, () => limit.take('token 1')).filter((wait) => wait === 0)
    expect(taken).toHaveLength(600)
    clock.now = 1000
    expect(Array.from({ length: 20 }, () => limit.take('token 1')).filter((wait) => wait === 0)).toHaveLength(10)
    expect(limit.take('token 2')).toBe(0)
  })
})

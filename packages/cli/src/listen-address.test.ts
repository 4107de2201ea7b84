import type { NetworkInterfaceInfo } from 'node:os'

import { describe, expect, it } from 'vitest'

import { CommandError } from './errors.ts'
import { describeListening, parseListenAddress } from './listen-address.ts'

describe('parseListenAddress', () => {
  it.each([
    ['127.0.0.1:4280', { host: '127.0.0.1', port: 4280 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['[::1]:4280', { host: '::1', port: 4280 }],
    ['0.0.0.0', { host: '0.0.0.0', port: 4280 }],
    ['[::1]', { host: '::1', port: 4280 }],
    ['[::]:65535', { host: '::', port: 65_535 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['node-1.internal:80', { host: 'node-1.internal', port: 80 }],
  ])('reads %s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address)
  })

  it.each([
    '',
    '4280',
    ':4280',
    'localhost',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:4280 ',
    '::1:4280',
    '::1',
    '1.2.3',
    '[]:1',
    '[127.0.0.1]:1',
    '256.0.0.1:1',
    '1.2.3:1',
    '01.2.3.4:1',
    'a b:1',
    'http://127.0.0.1:4280',
    '-a:1',
  ])('refuses %j', (text) => {
    expect(() => parseListenAddress(text)).toThrow(CommandError)
  })

  it.each([
    ['localhost', 'it has no port: write localhost:4280'],
    ['localhost:', 'it has no port: write localhost:4280'],
    ['8080', 'it has no host: write 127.0.0.1:8080'],
    [':8080', 'it has no host: write 127.0.0.1:8080'],
    ['::1', 'write [::1]:4280'],
    ['a b', 'write a host and a port, like 127.0.0.1:4280 or [::1]:4280'],
  ])('says how %j is written', (text, advice) => {
    expect(() => parseListenAddress(text)).toThrow(advice)
  })
})

describe('describeListening', () => {
  const info = (address: string, family: 'IPv4' | 'IPv6', internal = false) =>
    ({ address, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }) as NetworkInterfaceInfo
  const interfaces = {
    lo: [info('127.0.0.1', 'IPv4', true), info('::1', 'IPv6', true)],
    eth0: [info('192.0.2.5', 'IPv4'), info('2001:db8::5', 'IPv6'), info('fe80::5', 'IPv6')],
  }

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:4280'],
    ['localhost', 'http://127.0.0.1:4280'],
    ['0.0.0.0', 'http://0.0.0.0:4280 (http://127.0.0.1:4280 on this machine, http://192.0.2.5:4280 from elsewhere)'],
    [
      '::',
      'http://[::]:4280 (http://[::1]:4280 on this machine, ' +
        'http://192.0.2.5:4280 or http://[2001:db8::5]:4280 from elsewhere)',
    ],
  ])('of %s', (host, expected) => {
    expect(describeListening({ host, port: 0 }, 'http://127.0.0.1:4280', interfaces)).toBe(expected)
  })
})

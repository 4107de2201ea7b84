import { describe, expect, it } from 'vitest'

import { CommandError } from './errors.ts'
import { parseListenAddress } from './listen-address.ts'

describe('parseListenAddress', () => {
  it.each([
    ['127.0.0.1:4280', { host: '127.0.0.1', port: 4280 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['[::1]:4280', { host: '::1', port: 4280 }],
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
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:4280 ',
    '::1:4280',
    '[::1]',
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
})

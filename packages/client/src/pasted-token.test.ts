import { describe, expect, it } from 'vitest'

import { describeNoToken, unwrapToken } from './pasted-token.ts'

const token = `fm2_${'Ab3+/9'.repeat(40)}==`
const wrapped = `${token.slice(0, 80)}\n${token.slice(80, 160)}\n${token.slice(160)}`

describe('unwrapToken', () => {
  it.each([
    ['as it is', token],
    ['in double quotes', `"${token}"`],
    ['in single quotes', `'${token}'`],
    ['in typographic quotes', `“${token}”`],
    ['with one quote', `${token}"`],
    ['with quotes in quotes', `"'${token}'"`],
    ['with white space around it', ` \t${token}\r\n`],
    ['with a mark of byte order', `\ufeff${token}`],
    ['with zero-width spaces', `fm2_\u200b${token.slice(4)}\u200b`],
    ['broken by a terminal', wrapped],
    ['broken by a terminal of Windows', wrapped.replaceAll('\n', '\r\n')],
    ['broken and indented', wrapped.replaceAll('\n', '\n    ')],
    ['broken into spaces', wrapped.replaceAll('\n', ' ')],
    ['in quotes, from JSON', `"${token}",`.replace(/,$/, '')],
    ['before a semicolon', `"${token}";`],
    ['with a written line break', `${token}\\n`],
    ['with written line breaks in quotes', `"${token}\\r\\n"`],
    ['broken by written line breaks', `"${wrapped.replaceAll('\n', '\\n')}"`],
    ['in quotes that are escaped', `\\"${token}\\"`],
    ['with its slashes escaped', token.replaceAll('/', '\\/')],
    ['at the end of a sentence', `"${token}".`],
    ['with the name of its header', `Authorization: ${token}`],
    ['with the name of its header, in quotes', `"authorization: ${token}"`],
  ])('frees a token %s', (_what, text) => {
    expect(unwrapToken(text)).toBe(token)
    expect(describeNoToken(text)).toBeUndefined()
  })

  it.each([
    [`FlyV1 ${token},${token}`, `FlyV1 ${token},${token}`],
    [`FlyV1  "${token}", "fo1_a-b_c"`, `FlyV1 ${token},fo1_a-b_c`],
    [`Bearer\n${wrapped}`, `Bearer ${token}`],
    [`${token},\n${token}`, `${token},${token}`],
    ['fo1_abc\ndef', 'fo1_abcdef'],
    ['', ''],
    // The parser of tokens reports this damage.
    ['fm2_ not base64!', 'fm2_ not base64!'],
  ])('of %j makes %j', (text, expected) => {
    expect(unwrapToken(text)).toBe(expected)
  })
})

describe('describeNoToken', () => {
  it.each([
    ['', 'is empty'],
    ['""', 'is empty'],
    [',', 'is no token'],
    ['…', 'is no token'],
    ['FlyV1', 'is the word before a token, and no token stands behind it'],
    ['FlyV1 ', 'is the word before a token'],
    ['"bearer"', 'is the word before a token'],
    ['Authorization: Bearer', 'is the word before a token'],
    ['Bearer FlyV1', 'is the word before a token'],
    ['Basic', 'is the word before a token'],
    ['Token:', 'is the word before a token'],
    ['FlyV1 fm2_', 'is the word before a token'],
    ['fo1_', 'is the word before a token'],
    ['***', 'is hidden behind ***'],
    ['FlyV1 ***', 'is hidden behind ***'],
    ['{"token":"fm2_secret"}', 'is JSON'],
    ['"{\\"token\\"', 'is JSON'],
    ['FLY_API_TOKEN=fm2_secret', 'begins with NAME='],
    ['export HALLPASS_API_TOKEN="FlyV1 fm2_secret"', 'begins with NAME='],
    ['$env:X="fm2_secret"', 'begins with NAME='],
    ["$Env:FLY_API_TOKEN = 'FlyV1 fm2_secret'", 'begins with NAME='],
    ['${env:X}="fm2_secret"', 'begins with NAME='],
    ['$token = "fm2_secret"', 'begins with NAME='],
    ['declare -x X="fm2_secret"', 'begins with NAME='],
    ['ENV X=fm2_secret', 'begins with NAME='],
    ['$env:X=ghp_secret', 'begins with NAME='],
    ['Basic eDpmbTJfc2VjcmV0', 'is for Basic: send Bearer'],
    ['Authorization: Basic eDpmbTJfc2VjcmV0', 'is for Basic: send Bearer'],
    ['$TOKEN', 'is the name of a variable'],
    ['${{ secrets.TOKEN }}', 'is the name of a variable'],
    ['{{ token }}', 'is the name of a variable'],
    ['undefined', 'is a word that stands for no value'],
    ['None', 'is a word that stands for no value'],
    ['token: fm2_secret', 'has other text before it'],
    ['token=fm2_secret', 'begins with NAME='],
    ['Token fm2_secret', 'has other text before it'],
    ['set -gx FLY_API_TOKEN FlyV1 fm2_secret', 'has other text before it'],
    ['--access-token=fo1_secret', 'has other text before it'],
    ["-H 'Authorization: FlyV1 fm2_secret'", 'has other text before it'],
    ['[fm2_secret](x)', 'has other text before it'],
    ['["fm2_secret"]', 'is JSON'],
    ['<token>', 'is a place for a token'],
    ['https://example.com/secret', 'is an address'],
    ['eyJhbGciOiJ.eyJzZWNyZXQ', 'is a JSON Web Token'],
    ['eyJhbGciOiJ.eyJzZWNyZXQ.secret.', 'is a JSON Web Token'],
    ['ghp_secret', 'is a token of GitHub'],
    ['github_pat_secret', 'is a token of GitHub'],
    ['glpat-secret', 'is a token of GitLab'],
    ['Bearer npm_secret', 'is a token of npm'],
    ['AKIASECRETSECRETSECR', 'is a token of AWS'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n-----END OPENSSH PRIVATE KEY-----', 'is a key or a certificate'],
    ['0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f', 'is an id'],
    ['fm2_secret-_', 'is in URL-safe base64'],
    ['FlyV1 fm2_aaaa,fm2_secret-_', 'is in URL-safe base64'],
    ['fo1_secret.secret', 'is no auth token'],
    [`fo1_${'secret'.repeat(50)}`, 'is no auth token'],
    ['@secret.txt', 'is the name of a file'],
    ['/run/secrets/secret', 'is the name of a file'],
    ['./secret', 'is the name of a file'],
    ['~/secret', 'is the name of a file'],
    ['C:\\secret', 'is the name of a file'],
    ['something', 'begins with none of fm2_'],
    ['v4.local.secret', 'begins with none of fm2_'],
    ['c2VjcmV0c2VjcmV0==', 'begins with none of fm2_'],
    ['FlyV1 secret,secret', 'begins with none of fm2_'],
    ['fm2_secret%3D%3D', 'is percent-encoded'],
    ['FlyV1%20fm2_secret%3D%3D', 'is percent-encoded'],
    ['fm2_secret\nfm2_secret', 'has a line break at character 11,'],
    ['fm2_secret\n$ ls', 'has a line break at character 11,'],
    ['fm2_secrät', 'has a character that no token has: character 9'],
    ['**fm2_secret**', 'has other text before it'],
    ['FlyV1+fm2_secret', 'has other text before it'],
    ['FlyV1%20fm2_secret', 'has other text before it'],
    ['data:text/plain,fm2_secret', 'has other text before it'],
    ['&quot;fm2_secret&quot;', 'has other text before it'],
  ])('says what %j is', (text, words) => {
    expect(describeNoToken(text)).toContain(words)
    expect(describeNoToken(text)).not.toMatch(/secret|secr/)
  })

  it('leaves to the parser of tokens what it explains better', () => {
    for (const text of [
      'fm2_held',
      'Bearer fo1_x',
      'FlyV1 fm2_a,fm2_b',
      'fm2_aA0==',
      ',fm1r_a,,fo1_-_',
      'fm2_ab.cd',
      'fm3_new',
    ]) {
      expect(describeNoToken(text)).toBeUndefined()
    }
  })
})

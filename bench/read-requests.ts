// The authorised reads for loading a server.
import type { Furniture } from './authority.ts'
import { encodeRequest } from './load.ts'

/** `GET /v1/apps/{app}` for the first `variety` tokens and apps, in pairs that shift each time round. */
export function requestsOf({ tokenHeaders, appNames }: Furniture, variety: number): readonly Buffer[] {
  return Array.from({ length: variety === 1 ? 1 : Math.max(variety, 4096) }, (_, number) => {
    const token = tokenHeaders[number % variety] ?? ''
    const app = appNames[(number * 7 + Math.floor(number / variety)) % variety] ?? ''
    return encodeRequest('GET', `/v1/apps/${app}`, token)
  })
}

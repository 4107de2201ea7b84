import { describe, expect, it } from 'vitest'

import { readListQuery } from './list-query.ts'

const read = (text: string) => readListQuery(new URLSearchParams(text))

describe('the address of a list of tokens', () => {
  it('says the live ones, the newest first, where it says nothing', () => {
    expect(read('')).toEqual({ filter: { state: 'live' }, sort: 'created_at', order: 'desc' })
  })

  it('names every filter', () => {
    const text = 'state=ending&search=ci&kind=deploy&app=web&by=ada@example.com&unused=90d&sort=name&cursor=x'
    expect(read(text)).toEqual({
      filter: { state: 'ending', search: 'ci', kind: 'deploy', app: 'web', by: 'ada@example.com', unused: '90d' },
      sort: 'name',
      order: 'asc',
      cursor: 'x',
    })
  })

  it('sends neither unknown words nor credentials on', () => {
    const secret = `fo1_${'Ab1'.repeat(14)}`
    const text = `state=odd&kind=odd&unused=soon&sort=odd&search=${secret}&app=${secret}&by=${secret}`
    expect(read(text)).toEqual({ filter: { state: 'live' }, sort: 'created_at', order: 'desc' })
  })
})

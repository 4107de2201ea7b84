// The content of a database, in words.
import type { DatabaseFacts } from '../../authority-package.ts'

/** `version 8, 2 accounts, 1 organization, 12 tokens` */
export function describeFacts({ version, accounts, organisations, tokens }: DatabaseFacts): string {
  return [
    `version ${version}`,
    count(accounts, 'account'),
    count(organisations, 'organization'),
    count(tokens, 'token'),
  ].join(', ')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

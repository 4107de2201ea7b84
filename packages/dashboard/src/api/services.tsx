// What the pages speak to: the authority by its contract, and the doors that only a browser uses.
import { createContext, use } from 'react'

import type { Client } from '@hallpass/client'

import type { Web } from './web.ts'

export interface Services {
  readonly client: Client
  readonly web: Web
  /** The authority's own address, as people write it into their programs. */
  readonly origin: string
}

export const ServicesContext = createContext<Services | undefined>(undefined)

export function useServices(): Services {
  const services = use(ServicesContext)
  if (services === undefined) throw new Error('there are no services here')
  return services
}

// The client of the authority that the pages use.
import { createContext, use } from 'react'

import type { Client } from '@hallpass/client'

export interface Services {
  readonly client: Client
  /** The authority's own address, as people write it into their programs. */
  readonly origin: string
}

export const ServicesContext = createContext<Services | undefined>(undefined)

export function useServices(): Services {
  const services = use(ServicesContext)
  if (services === undefined) throw new Error('there are no services here')
  return services
}

// The pages of an organisation, in their order.

export const pages = [
  { page: 'tokens', label: 'Tokens' },
  { page: 'apps', label: 'Apps' },
  { page: 'machines', label: 'Machines' },
  { page: 'members', label: 'Members' },
  { page: 'trust', label: 'CI jobs' },
  { page: 'audit', label: 'Audit' },
  { page: 'settings', label: 'Settings' },
] as const

// The CI services that people pick by name, and the claims that their fields stand for.

export interface CiService {
  readonly value: string
  readonly label: string
  /** Undefined where the person types it. */
  readonly issuer: string | undefined
  /** The claim with the id that stays the same, and how its field is called. */
  readonly id: { readonly claim: string; readonly label: string; readonly hint: string }
  /** What a branch is called in its claims; undefined where it has none. */
  readonly branch: ((name: string) => Readonly<Record<string, string>>) | undefined
  readonly hasEnvironment: boolean
}

export const services: readonly [CiService, ...CiService[]] = [
  {
    value: 'github',
    label: 'GitHub Actions',
    issuer: 'https://token.actions.githubusercontent.com',
    id: {
      claim: 'repository_id',
      label: 'Repository id',
      hint: 'A number: gh api repos/OWNER/NAME --jq .id shows it.',
    },
    branch: (name) => ({ ref: `refs/heads/${name}` }),
    hasEnvironment: true,
  },
  {
    value: 'gitlab',
    label: 'GitLab.com',
    issuer: 'https://gitlab.com',
    id: { claim: 'project_id', label: 'Project id', hint: 'A number: the settings of the project show it.' },
    branch: (name) => ({ ref: name, ref_type: 'branch' }),
    hasEnvironment: true,
  },
  {
    value: 'buildkite',
    label: 'Buildkite',
    issuer: 'https://agent.buildkite.com',
    id: { claim: 'pipeline_id', label: 'Pipeline id', hint: 'The settings of the pipeline show it.' },
    branch: (name) => ({ build_branch: name }),
    hasEnvironment: false,
  },
  {
    value: 'other',
    label: 'Another service',
    issuer: undefined,
    id: { claim: 'sub', label: 'Subject', hint: 'The claim sub of its identity tokens.' },
    branch: undefined,
    hasEnvironment: false,
  },
]

/** What the service with this issuer is called; the host of the issuer if it is another. */
export function nameOfIssuer(issuer: string): string {
  return services.find((service) => service.issuer === issuer)?.label ?? URL.parse(issuer)?.host ?? issuer
}

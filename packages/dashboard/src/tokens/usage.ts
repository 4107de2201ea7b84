// How a token is used, as lines to copy. The token itself stays out of them: lines end up in histories and repositories.

export interface Usage {
  readonly value: string
  readonly label: string
  readonly lead: string
  readonly lines: string
}

export function usagesOf(origin: string, rawSlug: string): readonly [Usage, ...Usage[]] {
  return [
    {
      value: 'cli',
      label: 'Command line',
      lead: 'It reads the token from the environment. The first line waits for you to paste it.',
      lines: [
        'read -rs HALLPASS_API_TOKEN && export HALLPASS_API_TOKEN',
        `export HALLPASS_API_URL=${origin}`,
        `npx hallpass apps list -o ${rawSlug}`,
      ].join('\n'),
    },
    {
      value: 'curl',
      label: 'curl',
      lead: 'The token is the whole value of the Authorization header, with its FlyV1.',
      lines: [
        'read -rs HALLPASS_API_TOKEN',
        'curl -H "Authorization: $HALLPASS_API_TOKEN" \\',
        `  "${origin}/v1/apps?org_slug=${rawSlug}"`,
      ].join('\n'),
    },
    {
      value: 'actions',
      label: 'GitHub Actions',
      lead: 'Keep it as a secret of the repository: Settings, Secrets and variables, Actions.',
      lines: [
        'env:',
        `  HALLPASS_API_URL: ${origin}`,
        '  HALLPASS_API_TOKEN: ${{ secrets.HALLPASS_API_TOKEN }}',
        'steps:',
        `  - run: npx hallpass apps list -o ${rawSlug}`,
      ].join('\n'),
    },
  ]
}

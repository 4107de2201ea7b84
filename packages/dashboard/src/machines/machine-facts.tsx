// What is known of a machine, and its configuration as it was given.
import { Link } from 'wouter'

import { describeRunLabels, type Machine } from '@hallpass/client'

import { CopyButton, Id } from '../ui/copy.tsx'
import { Fact, Facts, Section } from '../ui/layout.tsx'
import { Time } from '../ui/time.tsx'
import { imageOf, sizeOf, volumeOf } from './describe-machine.ts'

interface MachineFactsProps {
  readonly slug: string
  readonly app: string
  readonly machine: Machine
}

export function MachineFacts({ slug, app, machine }: MachineFactsProps) {
  const { id, config, region, version, private_ip: address, created_at, updated_at, lease } = machine
  const size = sizeOf(config)
  const volume = volumeOf(config)
  const labels = describeRunLabels(machine)
  return (
    <Facts>
      <Fact name="Id">
        <Copied text={id} what="id" />
      </Fact>
      <Fact name="App">
        <Link href={`/dashboard/${slug}/machines/${encodeURIComponent(app)}`} className="underline underline-offset-2">
          {app}
        </Link>
      </Fact>
      <Fact name="Image">
        <Id>{imageOf(machine)}</Id>
      </Fact>
      {size !== '' && <Fact name="Size">{size}</Fact>}
      {volume !== '' && <Fact name="Volume">{volume}</Fact>}
      <Fact name="Region">{region}</Fact>
      {address !== '' && (
        <Fact name="Private address">
          <Copied text={address} what="private address" />
        </Fact>
      )}
      {config?.['token'] !== undefined && <Fact name="Own token">At /.fly, for this machine alone.</Fact>}
      <Fact name="Created">
        <Time at={created_at} />
      </Fact>
      <Fact name="Changed">
        <Time at={updated_at} />
      </Fact>
      {labels !== '' && <Fact name="Run label">{labels}</Fact>}
      <Fact name="Version">
        <Id>{version}</Id>
      </Fact>
      {lease !== undefined && (
        <Fact name="Leased">
          by {lease.owner}
          {lease.description !== '' && ` (${lease.description})`}, which alone may change it until it ends{' '}
          <Time at={new Date(lease.expires_at * 1000).toISOString()} />
        </Fact>
      )}
    </Facts>
  )
}

function Copied({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <span className="flex flex-wrap items-center justify-between gap-2">
      <Id>{text}</Id>
      <CopyButton text={text} what={what} />
    </span>
  )
}

export function Configuration({ config }: { readonly config: Machine['config'] }) {
  return (
    <Section title="Configuration" lead="As it was given, with what was left out filled in.">
      <pre
        // A scrolled box must be reachable by keyboard.
        tabIndex={0}
        role="group"
        aria-label="Configuration"
        className="max-h-80 overflow-auto rounded-control border border-line bg-sunken px-3 py-2 font-mono text-small whitespace-pre-wrap wrap-anywhere"
      >
        {JSON.stringify(config ?? {}, null, 2)}
      </pre>
    </Section>
  )
}

// `/dashboard/:org/machines/:app/:id`: one machine, how it is, what happened to it, what it writes, and what can be done with it.
import { useEffect, useRef, useState } from 'react'
import { useParams } from 'wouter'

import type { Machine } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { DestroyDialog } from '../machines/destroy-dialog.tsx'
import { useMachineChanged } from '../machines/machine-changed.ts'
import { MachineEvents } from '../machines/machine-events.tsx'
import { Configuration, MachineFacts } from '../machines/machine-facts.tsx'
import { MachineLog } from '../machines/machine-log.tsx'
import { lookOf, MachineStateWord, patienceWith, type Verb } from '../machines/states.tsx'
import { useMutation } from '../session/use-mutation.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { useAnnounce } from '../ui/announce.ts'
import { Button } from '../ui/button.tsx'
import { BackLink, Section } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { FailureNotice, Notice } from '../ui/notice.tsx'
import { PageSkeleton } from '../ui/skeleton.tsx'

export function MachinePage() {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const { app, id } = useParams<{ app: string; id: string }>()
  const query = useQuery({
    key: ['machine', app, id],
    ask: () => client.showMachine({ app_name: app, machine_id: id, include_leases: true }),
    freshFor: 500,
    repeats: ({ state }) => patienceWith(state),
  })
  return (
    <>
      <BackLink href={`/dashboard/${slug}/machines`}>Machines</BackLink>
      <Load query={query} what="The machine" skeleton={<PageSkeleton />}>
        {(machine) => <Shown app={app} machine={machine} />}
      </Load>
    </>
  )
}

interface ShownProps {
  readonly app: string
  readonly machine: Machine
}

function Shown({ app, machine }: ShownProps) {
  const { id, name, state, events = [], config, host_status } = machine
  const { slug } = useOrganisation()
  const [isDestroying, setDestroying] = useState(false)
  const change = useChange(app, machine)
  useSayState(name, state)
  return (
    <>
      <PageHeader
        title={name}
        lead={<MachineStateWord machine={machine} />}
        actions={
          <div className="flex flex-wrap gap-2">
            {lookOf(state).verbs.map((verb) =>
              verb === 'destroy' ? (
                <Button key={verb} kind="danger" onClick={() => setDestroying(true)}>
                  Destroy
                </Button>
              ) : (
                <Button key={verb} busy={change.isPending} onClick={() => change.mutate(verb)}>
                  {verb.charAt(0).toUpperCase() + verb.slice(1)}
                </Button>
              ),
            )}
          </div>
        }
      />
      {host_status === 'unreachable' && (
        <Notice tone="warn" className="mb-5">
          The engine that runs machines does not answer. This page shows what was last known.
        </Notice>
      )}
      <FailureNotice error={change.error} className="mb-5" />
      <MachineFacts slug={slug} app={app} machine={machine} />
      <Section title="Events" lead="What happened to it, the newest first.">
        <MachineEvents events={events} />
      </Section>
      {state !== 'destroyed' && <MachineLog app={app} id={id} name={name} />}
      <Configuration config={config} />
      {isDestroying && <DestroyDialog app={app} machine={machine} onClose={() => setDestroying(false)} />}
    </>
  )
}

function useChange(app: string, { id, name }: Machine) {
  const { client } = useServices()
  const asked = { app_name: app, machine_id: id }
  const { startMachine: start, stopMachine: stop, restartMachine: restart, suspendMachine: suspend } = client
  const ask = { start, stop, restart, suspend }
  return useMutation({
    run: async (verb: Exclude<Verb, 'destroy'>) => void (await ask[verb](asked)),
    // After a refusal too, because the machine is not as this page shows it.
    onSettled: useMachineChanged(app, id),
    said: (_, verb) => `${name} is asked to ${verb}.`,
  })
}

/** Announces each new state of the machine. */
function useSayState(name: string, state: Machine['state']): void {
  const announce = useAnnounce()
  const said = useRef(state)
  useEffect(() => {
    if (said.current === state) return
    said.current = state
    announce(`${name} is ${state}.`)
  }, [announce, name, state])
}

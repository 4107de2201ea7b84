// How a person answers a question that somebody else waits on: yes, no, and what went wrong with either.
import type { Mutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { FailureNotice } from '../ui/notice.tsx'

interface DecisionProps {
  readonly approval: Mutation<unknown, void>
  readonly denial: Mutation<unknown, void>
}

export function Decision({ approval, denial }: DecisionProps) {
  const isBusy = approval.isPending || denial.isPending
  return (
    <>
      <FailureNotice error={approval.error ?? denial.error} />
      <div className="grid grid-cols-2 gap-3">
        <Button busy={isBusy} onClick={() => denial.mutate()}>
          Deny
        </Button>
        <Button kind="primary" busy={isBusy} onClick={() => approval.mutate()}>
          Approve
        </Button>
      </div>
    </>
  )
}

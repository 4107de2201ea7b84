// Tests that start other programs run first. Vitest orders files by size on a clean clone, and the smallest hold some of the
// longest suites (Docker, Podman): the other workers would have nothing to do while the last of them runs.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

export class ProgramsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [true, false].flatMap((first) =>
      sorted.filter(({ moduleId }) => /\/(?:e2e|packages\/engine)\//.test(moduleId) === first),
    )
  }
}

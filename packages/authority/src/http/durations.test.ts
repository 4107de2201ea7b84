import { expect, test } from 'vitest'

import { createDurationHistogram } from './durations.ts'

test('durations are printed as a Prometheus histogram: each bound counts everything below it', () => {
  const histogram = createDurationHistogram({ name: 'times', help: 'Time to answer.', bounds: [0.1, 1] })
  const one = histogram.of({ method: 'GET', status: 200 })
  for (const seconds of [0.0625, 0.5, 0.5, 2]) one.observe(seconds)
  histogram.of({ method: 'GET', status: 200 }).observe(1)
  histogram.of({ method: 'a"\\', status: 404 })
  expect(histogram.print().split('\n')).toEqual([
    '# HELP times Time to answer.',
    '# TYPE times histogram',
    'times_bucket{le="0.1",method="GET",status="200"} 1',
    'times_bucket{le="1",method="GET",status="200"} 4',
    'times_bucket{le="+Inf",method="GET",status="200"} 5',
    'times_sum{method="GET",status="200"} 4.0625',
    'times_count{method="GET",status="200"} 5',
    'times_bucket{le="0.1",method="a\\"\\\\",status="404"} 0',
    'times_bucket{le="1",method="a\\"\\\\",status="404"} 0',
    'times_bucket{le="+Inf",method="a\\"\\\\",status="404"} 0',
    'times_sum{method="a\\"\\\\",status="404"} 0',
    'times_count{method="a\\"\\\\",status="404"} 0',
    '',
  ])
})

// The suite of all engines over a Kubernetes cluster.
import { testEngine } from '../testing/conformance.ts'
import { reasonWithoutCluster, startKubernetes } from '../testing/kubernetes.ts'

testEngine('Kubernetes', startKubernetes, reasonWithoutCluster())

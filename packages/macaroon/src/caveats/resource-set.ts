/** The families that map resources to actions: Apps, Volumes, Machines, Clusters, StorageObjects and the sets of features. */

import type {
  AppFeatureSet,
  Apps,
  Clusters,
  FeatureSet,
  MachineFeatureSet,
  Machines,
  StorageObjects,
  Volumes,
} from '../caveat.ts'
import type { CaveatCodec } from '../codec.ts'
import { numericIds, readSet, refuse, setFromJson, setToJson, textIds, writeSet } from './resource-map.ts'

export const apps: CaveatCodec<Apps> = {
  type: 'Apps',
  number: 3n,
  aliases: ['DeprecatedApps'],
  decode: (reader) => ({ type: 'Apps', apps: readSet(reader, numericIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.apps, numericIds),
  toJson: (caveat) => setToJson('apps', caveat.apps),
  fromJson: (value, path) => ({ type: 'Apps', apps: setFromJson('apps', value, path, numericIds) }),
  prohibits: (caveat, access) => refuse('Apps', 'app', caveat.apps, access.appId, access.action),
}

export const volumes: CaveatCodec<Volumes> = {
  type: 'Volumes',
  number: 2n,
  decode: (reader) => ({ type: 'Volumes', volumes: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.volumes, textIds),
  toJson: (caveat) => setToJson('volumes', caveat.volumes),
  fromJson: (value, path) => ({ type: 'Volumes', volumes: setFromJson('volumes', value, path, textIds) }),
  prohibits: (caveat, access) => refuse('Volumes', 'volume', caveat.volumes, access.volume, access.action),
}

export const machines: CaveatCodec<Machines> = {
  type: 'Machines',
  number: 7n,
  decode: (reader) => ({ type: 'Machines', machines: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.machines, textIds),
  toJson: (caveat) => setToJson('machines', caveat.machines),
  fromJson: (value, path) => ({ type: 'Machines', machines: setFromJson('machines', value, path, textIds) }),
  prohibits: (caveat, access) => refuse('Machines', 'machine', caveat.machines, access.machine, access.action),
}

export const featureSet: CaveatCodec<FeatureSet> = {
  type: 'FeatureSet',
  number: 5n,
  decode: (reader) => ({ type: 'FeatureSet', features: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.features, textIds),
  toJson: (caveat) => setToJson('features', caveat.features),
  fromJson: (value, path) => ({ type: 'FeatureSet', features: setFromJson('features', value, path, textIds) }),
  prohibits: (caveat, access) => refuse('FeatureSet', 'feature', caveat.features, access.feature, access.action),
}

export const clusters: CaveatCodec<Clusters> = {
  type: 'Clusters',
  number: 16n,
  decode: (reader) => ({ type: 'Clusters', clusters: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.clusters, textIds),
  toJson: (caveat) => setToJson('clusters', caveat.clusters),
  fromJson: (value, path) => ({ type: 'Clusters', clusters: setFromJson('clusters', value, path, textIds) }),
  prohibits: (caveat, access) => refuse('Clusters', 'cluster', caveat.clusters, access.cluster, access.action),
}

export const machineFeatureSet: CaveatCodec<MachineFeatureSet> = {
  type: 'MachineFeatureSet',
  number: 14n,
  decode: (reader) => ({ type: 'MachineFeatureSet', features: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.features, textIds),
  toJson: (caveat) => setToJson('features', caveat.features),
  fromJson: (value, path) => ({ type: 'MachineFeatureSet', features: setFromJson('features', value, path, textIds) }),
  prohibits: (caveat, access) =>
    refuse('MachineFeatureSet', 'machine feature', caveat.features, access.machineFeature, access.action),
}

export const appFeatureSet: CaveatCodec<AppFeatureSet> = {
  type: 'AppFeatureSet',
  number: 28n,
  decode: (reader) => ({ type: 'AppFeatureSet', features: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.features, textIds),
  toJson: (caveat) => setToJson('features', caveat.features),
  fromJson: (value, path) => ({ type: 'AppFeatureSet', features: setFromJson('features', value, path, textIds) }),
  prohibits: (caveat, access) =>
    refuse('AppFeatureSet', 'app feature', caveat.features, access.appFeature, access.action),
}

export const storageObjects: CaveatCodec<StorageObjects> = {
  type: 'StorageObjects',
  number: 29n,
  decode: (reader) => ({ type: 'StorageObjects', prefixes: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.prefixes, textIds),
  toJson: (caveat) => setToJson('storage_objects', caveat.prefixes),
  fromJson: (value, path) => ({
    type: 'StorageObjects',
    prefixes: setFromJson('storage_objects', value, path, textIds),
  }),
  prohibits: (caveat, access) =>
    refuse('StorageObjects', 'storage object', caveat.prefixes, access.storageObject, access.action, isPrefix),
}

/** Go's `resset.Prefix`: an entry covers whatever begins with it. */
function isPrefix(entry: string, id: string): boolean {
  return id.startsWith(entry)
}

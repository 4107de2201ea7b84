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
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import {
  numericIdFromJson,
  numericIds,
  readSet,
  refuse,
  setFromJson,
  setToJson,
  textIdFromJson,
  textIds,
  writeSet,
} from './resource-map.ts'

export const apps: CaveatCodec<Apps> = {
  type: 'Apps',
  number: 3n,
  aliases: ['DeprecatedApps'],
  decode: (reader) => ({ type: 'Apps', apps: readSet(reader, numericIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.apps, numericIds),
  prohibits: (caveat, access) => refuse(numericIds, 'Apps', 'app', caveat.apps, access.appId, access.action),
}

export const appsJson: CaveatJson<Apps> = {
  toJson: (caveat) => setToJson('apps', caveat.apps),
  fromJson: (value, path) => ({ type: 'Apps', apps: setFromJson('apps', value, path, numericIdFromJson) }),
}

export const volumes: CaveatCodec<Volumes> = {
  type: 'Volumes',
  number: 2n,
  decode: (reader) => ({ type: 'Volumes', volumes: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.volumes, textIds),
  prohibits: (caveat, access) => refuse(textIds, 'Volumes', 'volume', caveat.volumes, access.volume, access.action),
}

export const volumesJson: CaveatJson<Volumes> = {
  toJson: (caveat) => setToJson('volumes', caveat.volumes),
  fromJson: (value, path) => ({ type: 'Volumes', volumes: setFromJson('volumes', value, path, textIdFromJson) }),
}

export const machines: CaveatCodec<Machines> = {
  type: 'Machines',
  number: 7n,
  decode: (reader) => ({ type: 'Machines', machines: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.machines, textIds),
  prohibits: (caveat, access) => refuse(textIds, 'Machines', 'machine', caveat.machines, access.machine, access.action),
}

export const machinesJson: CaveatJson<Machines> = {
  toJson: (caveat) => setToJson('machines', caveat.machines),
  fromJson: (value, path) => ({ type: 'Machines', machines: setFromJson('machines', value, path, textIdFromJson) }),
}

export const featureSet: CaveatCodec<FeatureSet> = {
  type: 'FeatureSet',
  number: 5n,
  decode: (reader) => ({ type: 'FeatureSet', features: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.features, textIds),
  prohibits: (caveat, access) =>
    refuse(textIds, 'FeatureSet', 'feature', caveat.features, access.feature, access.action),
}

export const featureSetJson: CaveatJson<FeatureSet> = {
  toJson: (caveat) => setToJson('features', caveat.features),
  fromJson: (value, path) => ({ type: 'FeatureSet', features: setFromJson('features', value, path, textIdFromJson) }),
}

export const clusters: CaveatCodec<Clusters> = {
  type: 'Clusters',
  number: 16n,
  decode: (reader) => ({ type: 'Clusters', clusters: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.clusters, textIds),
  prohibits: (caveat, access) => refuse(textIds, 'Clusters', 'cluster', caveat.clusters, access.cluster, access.action),
}

export const clustersJson: CaveatJson<Clusters> = {
  toJson: (caveat) => setToJson('clusters', caveat.clusters),
  fromJson: (value, path) => ({ type: 'Clusters', clusters: setFromJson('clusters', value, path, textIdFromJson) }),
}

export const machineFeatureSet: CaveatCodec<MachineFeatureSet> = {
  type: 'MachineFeatureSet',
  number: 14n,
  decode: (reader) => ({ type: 'MachineFeatureSet', features: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.features, textIds),
  prohibits: (caveat, access) =>
    refuse(textIds, 'MachineFeatureSet', 'machine feature', caveat.features, access.machineFeature, access.action),
}

export const machineFeatureSetJson: CaveatJson<MachineFeatureSet> = {
  toJson: (caveat) => setToJson('features', caveat.features),
  fromJson: (value, path) => ({
    type: 'MachineFeatureSet',
    features: setFromJson('features', value, path, textIdFromJson),
  }),
}

export const appFeatureSet: CaveatCodec<AppFeatureSet> = {
  type: 'AppFeatureSet',
  number: 28n,
  decode: (reader) => ({ type: 'AppFeatureSet', features: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.features, textIds),
  prohibits: (caveat, access) =>
    refuse(textIds, 'AppFeatureSet', 'app feature', caveat.features, access.appFeature, access.action),
}

export const appFeatureSetJson: CaveatJson<AppFeatureSet> = {
  toJson: (caveat) => setToJson('features', caveat.features),
  fromJson: (value, path) => ({
    type: 'AppFeatureSet',
    features: setFromJson('features', value, path, textIdFromJson),
  }),
}

export const storageObjects: CaveatCodec<StorageObjects> = {
  type: 'StorageObjects',
  number: 29n,
  decode: (reader) => ({ type: 'StorageObjects', prefixes: readSet(reader, textIds) }),
  encode: (writer, caveat) => writeSet(writer, caveat.prefixes, textIds),
  prohibits: (caveat, access) =>
    refuse(textIds, 'StorageObjects', 'storage object', caveat.prefixes, access.storageObject, access.action, isPrefix),
}

export const storageObjectsJson: CaveatJson<StorageObjects> = {
  toJson: (caveat) => setToJson('storage_objects', caveat.prefixes),
  fromJson: (value, path) => ({
    type: 'StorageObjects',
    prefixes: setFromJson('storage_objects', value, path, textIdFromJson),
  }),
}

/** Go's `resset.Prefix`: an entry covers whatever begins with it. */
function isPrefix(entry: string, id: string): boolean {
  return id.startsWith(entry)
}

// Settings that do nothing as things are: they are named, with what they wait for.

import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

const notesOf = (...settings: string[]) => loadConfig(undefined, settings).notes;

it('says what waits for something that is not switched on', () => {
  expect(notesOf()).toEqual([]);
  expect(
    notesOf('flows.monitor_processes=true', 'protocols.http.monitor_processes=true', 'protocols.dns.geoip_enrich=true'),
  ).toEqual([
    'flows.monitor_processes, protocols.http.monitor_processes: nothing comes of it unless procs.enabled is true',
    'protocols.dns.geoip_enrich: nothing comes of it unless geoip.databases are named',
  ]);
  expect(notesOf('flows.index=a', 'protocols.dns.index=b')).toEqual([
    'flows.index, protocols.dns.index: nothing comes of it, for no sink that there is has an index',
  ]);
  expect(notesOf('procs.args=true')).toEqual(['procs.args: nothing comes of it unless procs.enabled is true']);
});

it('says nothing of what is switched on, or off', () => {
  expect(notesOf('procs.enabled=true', 'procs.args=true', 'flows.monitor_processes=true')).toEqual([]);
  expect(notesOf('protocols.http.monitor_processes=false', 'protocols.dns.geoip_enrich=false')).toEqual([]);
});

it('says which fields of processors there are not', () => {
  const dropped = (fields: string, more = '') =>
    notesOf(`protocols.dns.processors=[{drop_fields: {fields: ${fields}${more}}}]`);
  expect(dropped('[dns.answers, dns, "@timestamp"]')).toEqual([]);
  expect(dropped('[dns.anwsers]')).toEqual([
    "protocols.dns.processors: no document has 'dns.anwsers': did you mean 'dns.answers'?",
  ]);
  expect(dropped('host', ', ignore_missing: true')).toEqual([]);
  expect(
    notesOf(
      'protocols.dns.map_to_ecs=true',
      'protocols.dns.fields={site: 1}',
      'protocols.dns.processors=[{drop_fields: {fields: [network_traffic.dns.query, fields.site, method]}}]',
    ),
  ).toEqual(["protocols.dns.processors: no document has 'method'"]);
  expect(
    notesOf(
      'flows.processors=[{add_fields: {fields: {a: {b: 1}}}}, {rename: {fields: [{from: fields.a, to: x}, {from: y, to: z}]}}, {drop_fields: {fields: x.b}}, {include_fields: {fields: [x, source]}}]',
    ),
  ).toEqual(["flows.processors: no document has 'y'", "flows.processors: no document has 'x'"]);
});

it('says what the daemon does not look at', () => {
  const ofDaemon = (...settings: string[]) => loadConfig(undefined, settings).daemonNotes;
  expect(ofDaemon()).toEqual([]);
  expect(ofDaemon('tcp_state.enabled=true', 'tcp_state.port=443', 'flows.by_interface=true')).toEqual([]);
  expect(ofDaemon('capture.autodetection.exclude=[lo]')).toEqual([]);
  expect(
    ofDaemon(
      'tcp_state.port=443',
      'capture.interfaces.eth0.promisc=true',
      'capture.autodetection.exclude=[lo]',
      'flows.by_interface=false',
    ),
  ).toEqual([
    'tcp_state.port: nothing comes of it unless tcp_state.enabled is true',
    'capture.autodetection.exclude: nothing comes of it while capture.interfaces names what is captured',
    'flows.by_interface: nothing comes of it, for the daemon always tells interfaces apart',
  ]);
});

import { DuckDBInstance } from '@duckdb/node-api';
import { globSync } from 'node:fs';
import { createVocabulary, planQuery, runQuery, formatResult, explain, ConditionError } from '../../src/query/query.ts';
import { createView, declaredColumns } from '../../src/store/sql/views.ts';
import { prepareReadOnly } from '../../src/store/sql/locked.ts';
import { bindParameter, plainValue } from '../../src/store/sql/values.ts';
import { MACROS } from '../../src/store/sql/macros.ts';
const types: any[] = [];
for (const file of globSync('src/{flow,protocols/*}/record.ts')) { const m = await import('../../' + file); for (const v of Object.values(m) as any[]) if (v?.fields && v?.family) types.push(v); }
console.log(types.map((t) => t.name));
const i = await DuckDBInstance.create(':memory:'); const c = await i.connect();
for (const m of MACROS) await c.run(m);
for (const t of types) { await c.run(createView(t.name, t, { paths: [], schemas: [] } as any)); }
const ex = { query: async (sql: string, params: any[]) => { const s = await prepareReadOnly(c, sql); params.forEach((p, k) => bindParameter(s, k + 1, p)); const r = await s.run(); const rows = (await r.getRows()).map((row: any) => row.map(plainValue)); return { columns: [], rows }; } };
const v = createVocabulary(types, { isUtc: true, lists: new Map([['internal', ['10.0.0.0/8']], ['threats', ['8.8.8.8']]]) });
const examples = `dport = 443~~snet = 172.16.0.0/12 & (dport = 80 | dport = 443) & dir = out~~host != 10.0.0.5 * proto = udp~~!(dip = 8.8.8.8) and src = 2001:db8::1~~bytes > 10MB and duration between 1s and 5m~~http.request.method: GET and http.response.status_code >= 500~~dns.question.name: *.example.com and not dns.response_code: NOERROR~~http.response.status_code: (404 or 410)~~error.message: *~~"connection refused"~~ip.addr == 10.0.0.5 && tcp.port in {80..90, 443}~~http.response.code != 200 && http.host contains "shop"~~dns && !(dns.flags.rcode == "NOERROR")~~tls.handshake.extensions_server_name matches /(^|\\.)bank\\./i~~tls.server.x509.not_after < 2026-12-21T00:00:00Z~~mysql and duration > 200ms and query like 'SELECT%'~~source.ip in ('10.0.0.1','10.0.0.2') and destination.port <> 53~~tcp port 443 and src host 10.0.0.5~~process = curl and destination.ip not in $internal~~host in $threats~~http.request.headers.x-y: a~~netscribe.tunnel.id = 5~~netscribe.tunnel.source.ip = 10.0.0.1~~vlan = 5~~network.vlan.id > 3`.split('~~');
for (const e of examples) for (const extra of [{}, { columns: 'sip' }]) { try { const p = planQuery({ condition: e, ...extra }, v); const r = await runQuery(ex as any, p); [...formatResult(r, 'table')].join(''); } catch (err: any) { console.log('---', e, '\n', err instanceof ConditionError ? err.rendered : String(err).slice(0, 400)); } }
for (const t of ['talk_src', 'talk_dst', 'talk_conv', 'apps_port', 'agg_talk_port', 'raw', 'time,proto', 'network.vlan.id,netscribe.tcp.state', 'network.bytes,flow.final']) { const r = await runQuery(ex as any, planQuery({ columns: t }, v)); [...formatResult(r, 'json')]; }
for (const t of types) { const r = await runQuery(ex as any, planQuery({ types: [t.name], isList: true }, v)); console.log(t.name, r.plan.columns.map((x: any) => x.key?.label).join(' ')); }
const all = Object.values(types).flatMap((t: any) => Object.values(t.fields).map((f: any) => [t, f]));
let bad = 0; for (const [t, f] of all as any) { if (f.kind === 'constant') continue; for (const n of [...f.paths, ...(f.aliases ?? [])]) { try { await runQuery(ex as any, planQuery({ types: [t.name], isList: true, columns: n, condition: `${n} is not null` }, v)); } catch (err: any) { bad++; console.log(t.name, n, String(err.message).slice(0, 150)); } } }
console.log('bad', bad);

// Loads the same ad-tech events into olap, heap and DuckDB and runs the same
// queries on the three in turn (A B C A B C ...), so that a machine whose speed
// drifts treats them alike.  Prints a table with ratios and writes a JSON file.
//
// Usage: node bench.mjs DIR   (called by run.sh, which starts the server)
//   DIR                 where data and results go
// Environment: ROWS [1000000], RUNS [3] counted runs after one warm-up,
//   PGHOST PGPORT PGUSER of a server with olap preloaded, QUERIES a file.
import { DuckDBInstance } from '@duckdb/node-api';
import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dir = process.argv[2];
const rows = Number(process.env.ROWS ?? 1e6);
const runs = Number(process.env.RUNS ?? 3);
const storages = [
  { name: 'olap', options: "WITH (time_column = 'ts', segment_interval = '1 day')" },
  { name: 'heap', options: '' },
];

const now = () => Number(process.hrtime.bigint()) / 1e6;
const median = (a) => { const s = [...a].sort((x, y) => x - y); const h = s.length >> 1; return s.length % 2 ? s[h] : (s[h - 1] + s[h]) / 2; };
const geomean = (a) => Math.exp(a.reduce((s, x) => s + Math.log(x), 0) / a.length);

function readQueries(file) {
  const out = [];
  let name = null;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const m = /^-- ([A-Z]\d\d \w+)/.exec(line);
    if (m) name = m[1];
    else if (/^(SELECT|WITH)\b/i.test(line)) out.push({ name: name ?? `Q${out.length}`, sql: line });
  }
  return out;
}

const psqlArgs = (db) => ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', db];
function psql(db, ...args) {
  return execFileSync('psql', [...psqlArgs(db), ...args], { encoding: 'utf8', env: { ...process.env, PGTZ: 'UTC' }, maxBuffer: 1 << 28 });
}

// A psql kept open, so that a query's time holds no connection start.
class Session {
  constructor(db) {
    this.p = spawn('psql', [...psqlArgs(db), '-At'], { env: { ...process.env, PGTZ: 'UTC' }, stdio: ['pipe', 'pipe', 'inherit'] });
    this.buffer = '';
    this.p.stdout.setEncoding('utf8');
    this.p.stdout.on('data', (d) => { this.buffer += d; this.check(); });
    this.p.on('exit', (code) => { this.gone = `psql on ${db} ended with status ${code}`; this.check(); });
    this.p.stdin.write('\\timing on\n');
  }
  check() {
    if (!this.done) return;
    if (this.gone) return this.fail(new Error(this.gone));
    const end = this.buffer.indexOf('@@end@@\n');
    if (end < 0) return;
    const text = this.buffer.slice(0, end);
    this.buffer = this.buffer.slice(end + 8);
    const { done } = this;
    this.done = null;
    done(text);
  }
  // Answer without the timing line, and the milliseconds psql saw.
  async query(sql) {
    const text = await new Promise((done, fail) => { this.done = done; this.fail = fail; this.p.stdin.write(`${sql}\n\\echo @@end@@\n`); });
    const m = /^Time: ([0-9.]+) ms.*$/m.exec(text);
    if (!m) throw new Error(`no timing in answer: ${text.slice(0, 200)}`);
    return { ms: Number(m[1]), answer: text.replace(m[0], '').trim() };
  }
  close() { this.p.stdin.end(); }
}

async function copyIn(db, table, file) {
  const t0 = now();
  const p = spawn('psql', [...psqlArgs(db), '-c', `COPY ${table} FROM STDIN (FORMAT csv, NULL '\\N')`], { env: { ...process.env, PGTZ: 'UTC' }, stdio: ['pipe', 'inherit', 'inherit'] });
  createReadStream(file, { highWaterMark: 1 << 20 }).pipe(p.stdin);
  const code = await new Promise((r) => p.on('exit', r));
  if (code !== 0) throw new Error(`COPY of ${file} into ${db} failed`);
  return now() - t0;
}

const dbFile = join(dir, `events-${rows}.duckdb`);
const fresh = !existsSync(dbFile);
const instance = await DuckDBInstance.create(dbFile);
const duck = await instance.connect();
await duck.run("SET TimeZone = 'UTC'; SET threads = 2");
if (fresh) {
  await duck.run(`SET VARIABLE rows = ${rows}`);
  await duck.run(readFileSync(join(here, 'generate.sql'), 'utf8'));
  await duck.run('CHECKPOINT');
}
const csv = (t) => join(dir, `${t}-${rows}.csv`);
for (const t of ['campaigns', 'events'])
  if (!existsSync(csv(t))) await duck.run(`COPY ${t} TO '${csv(t)}' (FORMAT csv, HEADER false, NULLSTR '\\N')`);

const report = { rows, runs, load_s: {}, bytes: { duckdb: statSync(dbFile).size }, queries: [] };
for (const s of storages) {
  psql('postgres', '-c', `DROP DATABASE IF EXISTS bench_${s.name}`, '-c', `CREATE DATABASE bench_${s.name}`);
  if (s.name === 'olap') psql(`bench_${s.name}`, '-c', 'CREATE EXTENSION olap');
  psql(`bench_${s.name}`, '-v', `storage=${s.name}`, '-v', `options=${s.options}`, '-f', join(here, 'schema.sql'));
  await copyIn(`bench_${s.name}`, 'campaigns', csv('campaigns'));
  report.load_s[s.name] = (await copyIn(`bench_${s.name}`, 'events', csv('events'))) / 1000;
  psql(`bench_${s.name}`, '-c', 'VACUUM (ANALYZE) events', '-c', 'VACUUM (ANALYZE) campaigns');
  report.bytes[s.name] = Number(psql(`bench_${s.name}`, '-At', '-c', "SELECT pg_table_size('events')").trim());
}
console.log(`COPY of ${rows} rows: ${storages.map((s) => `${s.name} ${report.load_s[s.name].toFixed(1)} s`).join(', ')}; olap/heap ${(report.load_s.olap / report.load_s.heap).toFixed(2)}`);
console.log(`size: ${Object.entries(report.bytes).map(([k, v]) => `${k} ${(v / 1e6).toFixed(0)} MB`).join(', ')}; olap/heap ${(report.bytes.olap / report.bytes.heap).toFixed(2)}`);

const sessions = Object.fromEntries(storages.map((s) => [s.name, new Session(`bench_${s.name}`)]));
let wrong = 0;
console.log(`\n${'query'.padEnd(16)}${'olap ms'.padStart(10)}${'heap ms'.padStart(10)}${'DuckDB ms'.padStart(11)}${'olap/heap'.padStart(11)}${'olap/DuckDB'.padStart(13)}`);
for (const q of readQueries(process.env.QUERIES ?? join(here, 'queries.sql'))) {
  const t = { olap: [], heap: [], duckdb: [] };
  const answers = {};
  for (let i = 0; i <= runs; i++) {
    for (const s of storages) {
      const r = await sessions[s.name].query(q.sql);
      answers[s.name] = r.answer;
      if (i) t[s.name].push(r.ms);
    }
    const t0 = now();
    await duck.runAndReadAll(q.sql);
    if (i) t.duckdb.push(now() - t0);
  }
  const row = { name: q.name, olap: median(t.olap), heap: median(t.heap), duckdb: median(t.duckdb), same: answers.olap === answers.heap };
  if (!row.same) wrong++;
  report.queries.push(row);
  console.log(`${q.name.padEnd(16)}${row.olap.toFixed(2).padStart(10)}${row.heap.toFixed(2).padStart(10)}${row.duckdb.toFixed(2).padStart(11)}${(row.olap / row.heap).toFixed(3).padStart(11)}${(row.olap / row.duckdb).toFixed(2).padStart(13)}${row.same ? '' : '   ANSWER DIFFERS FROM HEAP'}`);
}
for (const s of Object.values(sessions)) s.close();
report.geomean = { olap_heap: geomean(report.queries.map((q) => q.olap / q.heap)), olap_duckdb: geomean(report.queries.map((q) => q.olap / q.duckdb)) };
console.log(`${'geometric mean'.padEnd(47)}${report.geomean.olap_heap.toFixed(3).padStart(11)}${report.geomean.olap_duckdb.toFixed(2).padStart(13)}`);
writeFileSync(join(dir, 'bench.json'), JSON.stringify(report, null, 2) + '\n');
console.log(`written: ${join(dir, 'bench.json')}`);
duck.closeSync?.();
instance.closeSync?.();
process.exit(wrong ? 1 : 0);

// Loads the same rows into olap, heap and DuckDB, from the same CSV files, and runs the
// same queries on the three in turn (A B C A B C ...), so that a machine
// whose speed drifts treats them alike. Every answer is compared, not only timed: olap's
// with heap's byte for byte, DuckDB's value by value. Prints tables with ratios and
// writes bench.json.
//
// Usage: node bench.mjs DIR   (called by run.sh, which starts the server)
//   DIR                 where data and results go
// Environment: SET [adtech] of data and queries, a folder beside this file; ROWS [1000000]; RUNS [3] counted runs after one warm-up; COPIES [2] loads of
//   PostgreSQL's tables, in turn; LOAD_ONLY: olap and DuckDB, no queries; QUERIES a file; COMMIT for the report;
//   PGHOST PGPORT PGUSER of a server with olap preloaded
import { DuckDBInstance } from '@duckdb/node-api';
import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dir = process.argv[2];
const rows = Number(process.env.ROWS || 1e6);
const runs = Number(process.env.RUNS || 3);
const loadOnly = Boolean(process.env.LOAD_ONLY);
const copies = loadOnly ? 1 : Number(process.env.COPIES || 2);
// The tables of a set; the last one is the large one, which is measured.
const sets = {
  adtech: { tables: ['campaigns', 'events'], time: 'ts' },
  wide: { tables: ['hits'], time: 'event_time' },
};
const setName = process.env.SET || 'adtech';
const set = sets[setName];
if (!set) throw new Error(`no set "${setName}": choose of ${Object.keys(sets).join(', ')}`);
const main_table = set.tables.at(-1);
const setFile = (name) => join(here, setName, name);
const storages = [
  { name: 'olap', options: `WITH (time_column = '${set.time}', segment_interval = '1 day')` },
  { name: 'heap', options: '' },
].filter((s) => !loadOnly || s.name === 'olap');
const engines = ['olap', 'heap', 'duckdb'];

const now = () => Number(process.hrtime.bigint()) / 1e6;
const geomean = (a) => Math.exp(a.reduce((s, x) => s + Math.log(x), 0) / a.length);
const fixed = (x, digits, width) => x.toFixed(digits).padStart(width);
function median(a) {
  const s = [...a].sort((x, y) => x - y);
  const h = s.length >> 1;
  return s.length % 2 ? s[h] : (s[h - 1] + s[h]) / 2;
}
const spread = (a) => ({ median: median(a), min: Math.min(...a), max: Math.max(...a) });

// --- PostgreSQL ---

const env = { ...process.env, PGTZ: 'UTC', PGOPTIONS: '-c client_min_messages=warning' };
const psqlArgs = (db) => ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', db];
function psql(db, ...args) {
  return execFileSync('psql', [...psqlArgs(db), ...args], { encoding: 'utf8', env, maxBuffer: 1 << 28 });
}

// A psql kept open, so that a query's time holds no connection start.
class Session {
  constructor(db) {
    this.p = spawn('psql', [...psqlArgs(db), '-At'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.buffer = '';
    this.p.stdout.setEncoding('utf8');
    this.p.stdout.on('data', (d) => { this.buffer += d; this.check(); });
    this.p.on('exit', (code) => { this.gone = `psql on ${db} ended with status ${code}`; this.check(); });
    this.p.stdin.write('\\timing on\n');
  }

  check() {
    if (!this.done) return;
    const end = this.buffer.indexOf('@@end@@\n');
    if (end < 0) {
      if (this.gone) this.fail(new Error(this.gone));
      return;
    }
    const text = this.buffer.slice(0, end);
    const { done } = this;
    this.buffer = this.buffer.slice(end + 8);
    this.done = null;
    done(text);
  }

  // Answer without the timing line, and the milliseconds psql saw.
  async query(sql) {
    const text = await new Promise((done, fail) => {
      this.done = done;
      this.fail = fail;
      this.p.stdin.write(`${sql}\n\\echo @@end@@\n`);
    });
    const m = /^Time: ([0-9.]+) ms.*$/m.exec(text);
    if (!m) throw new Error(`no timing in answer: ${text.slice(0, 200)}`);
    return { ms: Number(m[1]), answer: text.replace(m[0], '').trim() };
  }

  close() { this.p.stdin.end(); }
}

// Seconds of one COPY; ends with its commit, not with a checkpoint.
async function copyIn(db, table, file) {
  const t0 = now();
  const p = spawn('psql', [...psqlArgs(db), '-c', `COPY ${table} FROM STDIN (FORMAT csv, NULL '\\N')`],
    { env, stdio: ['pipe', 'inherit', 'inherit'] });
  createReadStream(file, { highWaterMark: 1 << 20 }).pipe(p.stdin);
  const code = await new Promise((r) => p.on('exit', r));
  if (code !== 0) throw new Error(`COPY of ${file} into ${db} failed`);
  return (now() - t0) / 1000;
}

function createDatabase(s) {
  const db = `bench_${s.name}`;
  psql('postgres', '-c', `DROP DATABASE IF EXISTS ${db}`, '-c', `CREATE DATABASE ${db}`);
  if (s.name === 'olap') psql(db, '-c', 'CREATE EXTENSION olap');
  psql(db, '-v', `storage=${s.name}`, '-v', `options=${s.options}`, '-f', setFile('schema.sql'));
  return db;
}

// Load olap, heap; heap, olap; ... so that neither always finds the machine warmer.
async function loadPostgres(report) {
  for (let i = 0; i < copies; i++) {
    for (const s of i % 2 ? [...storages].reverse() : storages) {
      const db = createDatabase(s);
      psql(db, '-c', 'CHECKPOINT');
      for (const t of set.tables.slice(0, -1)) await copyIn(db, t, csv(t));
      (report.load_s[s.name] ??= []).push(await copyIn(db, main_table, csv(main_table)));
    }
  }
  for (const { name } of storages) {
    for (const t of set.tables) psql(`bench_${name}`, '-c', `VACUUM (ANALYZE) ${t}`);
    psql(`bench_${name}`, '-c', 'CHECKPOINT');
    report.bytes[name] = Number(psql(`bench_${name}`, '-At', '-c', `SELECT pg_table_size('${main_table}')`).trim());
  }
}

// --- DuckDB ---

const csv = (table) => join(dir, `${setName === 'adtech' ? '' : `${setName}-`}${table}-${rows}.csv`);

async function openDuck(file) {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'; SET threads = 2");
  return { instance, connection, close() { connection.closeSync(); instance.closeSync(); } };
}

// The CSV files, made once; under another name until they are whole.
async function generate() {
  if (set.tables.every((t) => existsSync(csv(t)))) return;
  const file = join(dir, 'generate.duckdb');
  rmSync(file, { force: true });
  const duck = await openDuck(file);
  await duck.connection.run(`SET VARIABLE rows = ${rows}`);
  await duck.connection.run(readFileSync(setFile('generate.sql'), 'utf8'));
  for (const t of set.tables) {
    await duck.connection.run(`COPY ${t} TO '${csv(t)}.new' (FORMAT csv, HEADER false, NULLSTR '\\N')`);
    renameSync(`${csv(t)}.new`, csv(t));
  }
  duck.close();
  rmSync(file);
}

// The schema is PostgreSQL's, but for what DuckDB has no word for.
async function loadDuck(report) {
  const file = join(dir, 'bench.duckdb');
  const schema = readFileSync(setFile('schema.sql'), 'utf8').replace(' USING :storage :options', '')
    .replaceAll('timestamptz', 'timestamp');
  for (const f of [file, `${file}.wal`]) rmSync(f, { force: true });
  const duck = await openDuck(file);
  await duck.connection.run(schema);
  for (const t of set.tables) {
    const t0 = now();
    await duck.connection.run(`COPY ${t} FROM '${csv(t)}' (FORMAT csv, HEADER false, NULLSTR '\\N')`);
    report.load_s.duckdb = [(now() - t0) / 1000];
  }
  await duck.connection.run('CHECKPOINT');
  report.bytes.duckdb = statSync(file).size;
  return duck;
}

// Fields as text that both engines' spellings of one value come to.
function plain(value) {
  if (value === null || value === undefined) return '';
  const text = String(value);
  if (text === 'true' || text === 'false') return text[0];
  if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) return String(Number(Number(text).toPrecision(12)));
  return text.replace(/^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\+00$/, '$1');
}
const sameAsDuck = (answer, values) =>
  answer.split('\n').map((line) => line.split('|').map(plain).join('|')).join('\n') ===
  values.map((line) => line.map(plain).join('|')).join('\n');

// --- queries ---

function readQueries(file) {
  const out = [];
  let name = null;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const m = /^-- ([A-Z]\d\d \w+)/.exec(line);
    if (m) name = m[1];
    else if (/^(SELECT|WITH)\b/i.test(line)) {
      out.push({ name: name ?? `Q${out.length}`, sql: line });
      name = null;
    }
  }
  if (!out.length) throw new Error(`no query in ${file}`);
  return out;
}

async function runQuery(q, sessions, duck) {
  const ms = { olap: [], heap: [], duckdb: [] };
  const answers = {};
  let values;
  for (let i = 0; i <= runs; i++) {
    for (const { name } of storages) {
      const r = await sessions[name].query(q.sql);
      answers[name] = r.answer;
      if (i) ms[name].push(r.ms);
    }
    const t0 = now();
    const result = await duck.connection.runAndReadAll(q.sql);
    if (i) ms.duckdb.push(now() - t0);
    values = result.getRows();
  }
  const row = { name: q.name, answer_rows: values.length };
  for (const e of engines) row[e] = spread(ms[e]);
  row.same_as_heap = answers.olap === answers.heap;
  row.same_as_duckdb = sameAsDuck(answers.olap, values);
  return row;
}

function printRow(row) {
  const [o, h, d] = engines.map((e) => row[e].median);
  console.log(row.name.padEnd(16) + fixed(o, 2, 10) + fixed(h, 2, 10) + fixed(d, 2, 11) + fixed(o / h, 3, 11) +
    fixed(o / d, 2, 13) + (row.same_as_heap ? '' : '   ANSWER DIFFERS FROM HEAP') +
    (row.same_as_duckdb ? '' : '   answer differs from DuckDB'));
}

function printLoad(report) {
  const { load_s: s, bytes: b } = report;
  console.log(`${''.padEnd(16)}${'olap'.padStart(10)}${'heap'.padStart(10)}${'DuckDB'.padStart(11)}` +
    `${'olap/heap'.padStart(11)}${'olap/DuckDB'.padStart(13)}`);
  const line = (name, v, digits) => console.log(name.padEnd(16) + fixed(v.olap, digits, 10) + fixed(v.heap, digits, 10) +
    fixed(v.duckdb, digits, 11) + fixed(v.olap / v.heap, 3, 11) + fixed(v.olap / v.duckdb, 2, 13));
  line('load, s', { olap: median(s.olap), heap: median(s.heap), duckdb: median(s.duckdb) }, 1);
  line('size, MB', { olap: b.olap / 1e6, heap: b.heap / 1e6, duckdb: b.duckdb / 1e6 }, 0);
}

async function main() {
  const report = {
    date: new Date().toISOString(),
    machine: { cpu: cpus()[0].model, cores: cpus().length, memory_gb: Math.round(totalmem() / 2 ** 30), load_before: loadavg()[0] },
    commit: process.env.COMMIT || null,
    postgresql: psql('postgres', '-At', '-c', 'SHOW server_version').trim(),
    set: setName, rows, runs, load_s: {}, bytes: {}, queries: [],
  };
  await generate();
  await loadPostgres(report);
  const duck = await loadDuck(report);
  if (loadOnly) {
    duck.close();
    return 0;
  }
  report.duckdb = String((await duck.connection.runAndReadAll('SELECT version()')).getRows()[0][0]);
  console.log(`${setName}: ${rows} rows, PostgreSQL ${report.postgresql}, DuckDB ${report.duckdb} with 2 threads, ` +
    `${report.machine.cores} cores (${report.machine.cpu}); median of ${runs} runs`);
  const load = report.machine.load_before;
  console.log(load > 0.5 ? `The machine was busy before (load ${load.toFixed(1)}): take the ratios, not the times.\n` : '');
  printLoad(report);

  const sessions = Object.fromEntries(storages.map((s) => [s.name, new Session(`bench_${s.name}`)]));
  console.log(`\n${'query'.padEnd(16)}${'olap ms'.padStart(10)}${'heap ms'.padStart(10)}${'DuckDB ms'.padStart(11)}` +
    `${'olap/heap'.padStart(11)}${'olap/DuckDB'.padStart(13)}`);
  for (const q of readQueries(process.env.QUERIES || setFile('queries.sql'))) {
    report.queries.push(await runQuery(q, sessions, duck));
    printRow(report.queries.at(-1));
  }
  for (const s of Object.values(sessions)) s.close();
  duck.close();

  const ratio = (other) => geomean(report.queries.map((q) => q.olap.median / q[other].median));
  report.geomean = { olap_heap: ratio('heap'), olap_duckdb: ratio('duckdb') };
  console.log('geometric mean'.padEnd(47) + fixed(report.geomean.olap_heap, 3, 11) +
    fixed(report.geomean.olap_duckdb, 2, 13));
  const wrong = report.queries.filter((q) => !q.same_as_heap).length;
  const differ = report.queries.filter((q) => !q.same_as_duckdb).length;
  console.log(`\nanswers of ${report.queries.length} queries: ${wrong} differ from heap's, ${differ} from DuckDB's`);
  writeFileSync(join(dir, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
  console.log(`written: ${join(dir, 'bench.json')}`);
  return wrong || differ ? 1 : 0;
}

process.exit(await main());

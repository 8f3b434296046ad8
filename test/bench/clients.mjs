// Many clients at once: pgbench on olap, then as many connections of one DuckDB process
// with two threads, each drawing from the queries of clients.sql. Prints
// throughput, p50 and p99 of both, and what the backends' memory does.
//
// Usage: node clients.mjs DIR     (called by run.sh clients, which starts and fills a server)
//   DIR                  has bench.duckdb; logs and clients.json go there
// Environment: CLIENTS [32]; CLIENT_SECONDS [300] for each of the two; DB [bench_olap];
//   DUCK [DIR/bench.duckdb]; ONLY olap or duckdb; QUERIES a file;
//   PGHOST PGPORT PGUSER of the server
//
// Exit status 1: a query failed, or backends hold much more memory at the end than when
// a fifth of the time was over.
process.env.UV_THREADPOOL_SIZE ??= String(Number(process.env.CLIENTS || 32) + 4);
const { DuckDBInstance } = await import('@duckdb/node-api');
const { execFileSync, spawn } = await import('node:child_process');
const { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } = await import('node:fs');
const { cpus, loadavg, tmpdir } = await import('node:os');
const { dirname, join } = await import('node:path');
const { fileURLToPath } = await import('node:url');

const here = dirname(fileURLToPath(import.meta.url));
const dir = process.argv[2];
const clients = Number(process.env.CLIENTS || 32);
const seconds = Number(process.env.CLIENT_SECONDS || 300);
const db = process.env.DB || 'bench_olap';
const env = { ...process.env, PGTZ: 'UTC' };
const ranges = { day: [10, 30], campaign: [1, 2000] };
const now = () => Number(process.hrtime.bigint()) / 1e6;
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const draw = ([lo, hi]) => lo + Math.floor(Math.random() * (hi - lo + 1));

function readQueries(file) {
  const out = [];
  let name = null;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const m = /^-- (\w+):/.exec(line);
    if (m) name = m[1];
    else if (/^(SELECT|WITH)\b/i.test(line)) out.push({ name, sql: line.replace(/;\s*$/, '') });
  }
  if (!out.length) throw new Error(`no query in ${file}`);
  return out;
}
const queries = readQueries(process.env.QUERIES || join(here, 'clients.sql'));

function summary(done, elapsed) {
  const at = (a, p) => (a.length ? a[Math.min(a.length - 1, Math.floor(a.length * p))] : NaN);
  const figures = (list) => {
    const ms = list.map((x) => x.ms).sort((x, y) => x - y);
    return { n: ms.length, p50: at(ms, 0.5), p99: at(ms, 0.99), max: at(ms, 1) };
  };
  return {
    ...figures(done), per_second: done.length / elapsed,
    queries: Object.fromEntries(queries.map((q, i) => [q.name, figures(done.filter((x) => x.query === i))])),
  };
}

// --- olap ---

// Memory of each pgbench backend, without shared buffers, in MB.
function backendMemory() {
  const pids = execFileSync('psql', ['-XAt', '-d', db, '-c',
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench'"], { env, encoding: 'utf8' }).split('\n').filter(Boolean);
  const mb = [];
  for (const pid of pids) {
    try {
      mb.push(Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024);
    } catch { /* it has just ended */ }
  }
  return { backends: mb.length, total: mb.reduce((s, x) => s + x, 0), max: Math.max(0, ...mb) };
}

async function runOlap() {
  const work = mkdtempSync(join(tmpdir(), 'olap-clients-'));
  const sets = Object.entries(ranges).map(([name, [lo, hi]]) => `\\set ${name} random(${lo}, ${hi})\n`).join('');
  const files = queries.flatMap((q, i) => {
    const file = join(work, `${i}.sql`);
    writeFileSync(file, `${sets}${q.sql};\n`);
    return ['-f', file];
  });
  const p = spawn('pgbench', ['-n', '-c', String(clients), '-j', '2', '-T', String(seconds), ...files, '-l',
    `--log-prefix=${join(work, 'log')}`, db], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  p.stdout.on('data', (d) => { out += d; });
  const ended = new Promise((r) => p.on('exit', r));
  await sleep(seconds * 200);
  const memory = { start: backendMemory() };
  await sleep(seconds * 750);
  memory.end = backendMemory();
  const code = await ended;
  if (code !== 0) throw new Error(`pgbench ended with status ${code}`);
  const done = [];
  for (const f of readdirSync(work).filter((n) => n.startsWith('log')))
    for (const line of readFileSync(join(work, f), 'utf8').split('\n').filter(Boolean)) {
      const [, , us, query] = line.split(' ').map(Number);
      done.push({ query, ms: us / 1000 });
    }
  const failed = Number(/number of failed transactions: (\d+)/.exec(out)?.[1] ?? 0);
  rmSync(work, { recursive: true });
  return { ...summary(done, seconds), memory, failed };
}

// --- DuckDB ---

async function runDuck() {
  const instance = await DuckDBInstance.create(process.env.DUCK || join(dir, 'bench.duckdb'), { access_mode: 'READ_ONLY' });
  const setup = await instance.connect();
  await setup.run('SET threads = 2');
  const done = [];
  const start = now();
  const end = start + seconds * 1000;
  await Promise.all(Array.from({ length: clients }, async () => {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    while (now() < end) {
      const query = Math.floor(Math.random() * queries.length);
      const sql = queries[query].sql.replace(/:(day|campaign)\b/g, (_, name) => draw(ranges[name]));
      const t0 = now();
      const result = await connection.runAndReadAll(sql);
      result.getRows();
      done.push({ query, ms: now() - t0 });
    }
    connection.closeSync();
  }));
  const elapsed = (now() - start) / 1000;
  setup.closeSync();
  instance.closeSync();
  return summary(done, elapsed);
}

// --- report ---

function print(name, r) {
  console.log(`${name.padEnd(12)}${r.per_second.toFixed(1).padStart(10)}${r.p50.toFixed(1).padStart(10)}${r.p99.toFixed(1).padStart(10)}` +
    `${r.max.toFixed(0).padStart(10)}${String(r.n).padStart(10)}`);
}

const report = { date: new Date().toISOString(), clients, seconds, cores: cpus().length, load_before: loadavg()[0] };
const only = process.env.ONLY;
console.log(`${clients} clients, ${seconds} s each, ${queries.length} queries, ${report.cores} cores, load before ${report.load_before.toFixed(1)}`);
if (only !== 'duckdb') report.olap = await runOlap();
if (only !== 'olap') report.duckdb = await runDuck();
console.log(`\n${''.padEnd(12)}${'a second'.padStart(10)}${'p50 ms'.padStart(10)}${'p99 ms'.padStart(10)}${'max ms'.padStart(10)}${'queries'.padStart(10)}`);
for (const e of ['olap', 'duckdb']) if (report[e]) print(e, report[e]);
console.log('\np50 ms of each query');
for (const q of queries)
  console.log(`  ${q.name.padEnd(12)}` + ['olap', 'duckdb'].filter((e) => report[e]).map((e) => `${e} ${report[e].queries[q.name].p50.toFixed(1)}`).join('   '));

let rc = 0;
if (report.olap) {
  const { memory: { start, end }, p50, p99, failed } = report.olap;
  const bound = 3 * p50 * clients / report.cores;
  const grown = end.total > start.total * 1.3 + 4 * clients;
  console.log(`\nbackends' own memory, MB: ${start.total.toFixed(0)} after a fifth of the time (largest ${start.max.toFixed(1)}), ` +
    `${end.total.toFixed(0)} at the end (largest ${end.max.toFixed(1)})${grown ? '   IT GROWS' : ''}`);
  console.log(`p99 is ${(p99 / bound).toFixed(2)} of 3 x p50 x clients / cores; failed queries: ${failed}`);
  if (report.duckdb) console.log(`throughput, olap / DuckDB: ${(report.olap.per_second / report.duckdb.per_second).toFixed(2)}`);
  if (grown || failed > 0) rc = 1;
}
writeFileSync(join(dir, 'clients.json'), `${JSON.stringify(report, null, 2)}\n`);
process.exit(rc);

# Scans that read few rows of a row group keep pages pinned until they leave it. Many of them at once
# must not use the shared buffers up.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
shared_buffers = '1MB'
autovacuum = off
olap.maintenance = off
fsync = off
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

sql(q(
CREATE EXTENSION olap;
CREATE TABLE t (p int, k int, u text, v text, x float8, y text, z numeric(8,2)) PARTITION BY LIST (p);
DO $$ BEGIN
  FOR i IN 1 .. 40 LOOP
    EXECUTE format($q$CREATE TABLE t%s PARTITION OF t FOR VALUES IN (%s) USING olap WITH (bitmap = 'k')$q$, i, i);
  END LOOP;
END $$;
INSERT INTO t SELECT p, g % 1000, md5(g::text), repeat(md5((g * p)::text), 3), g * 1.37, md5((g % 700)::text), g % 90000 / 10.0
FROM generate_series(1, 40) p, generate_series(1, 4000) g;
));
sql(join('', map { "CALL olap.compact('t$_');\n" } 1 .. 40));

# 40 cursors, each in the middle of its row group, are read in turn; errors and subtransactions come between
my $cursors = q(
BEGIN;
CREATE TEMP TABLE got (k int, n int, md text) ON COMMIT DROP;
DO $$
DECLARE c refcursor; r record; cs refcursor[];
BEGIN
  FOR i IN 1 .. 40 LOOP
    c := 'c' || i;
    OPEN c NO SCROLL FOR EXECUTE format('SELECT * FROM t%s WHERE k = %s', i, i * 20);
    cs := cs || c;
  END LOOP;
  FOR n IN 1 .. 5 LOOP
    FOR i IN 1 .. 40 LOOP
      c := cs[i];
      BEGIN
        FETCH c INTO r;
        PERFORM 1 / (i % 3);
      EXCEPTION WHEN division_by_zero THEN NULL;
      END;
      IF r IS NOT NULL THEN INSERT INTO got VALUES (r.p, n, md5(r::text)); END IF;
    END LOOP;
  END LOOP;
END $$;
SELECT count(*), count(DISTINCT md), sum(k) FROM got WHERE md IN (SELECT md5(t::text) FROM t);
ROLLBACK;
);
is(sql($cursors), '160|160|3280', '40 cursors at once read their rows');

# what failed lets its pages go, and others hold theirs again
my $failing = q(SELECT 1 / (x - x) FROM t1 WHERE k = 3);
my ($rc, $out, $err) = $node->psql('postgres', "$failing;\n" x 200 . 'SELECT count(*) FROM t1 WHERE k = 3', on_error_stop => 0);
is($out, '4', 'after 200 scans that failed one more reads its rows');
like($err, qr/division by zero/, 'and they did fail');
unlike(slurp_file($node->logfile), qr/WARNING|unpinned/, 'the log has no warnings');

$node->stop;
done_testing();

# What several TAP tests need.
package OlapTest;
use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

our @EXPORT = qw(olap_node wait_for_recovery kill_server places_on_disk overlaps psql_answers is_answers
    compared_type gated_type waits_at_gate);

# A running server with the library and these lines in its configuration; init's arguments may follow.
sub olap_node
{
    my ($name, $conf, @init) = @_;
    my $node = PostgreSQL::Test::Cluster->new($name);

    $node->init(@init);
    $node->append_conf('postgresql.conf', "shared_preload_libraries = 'olap'\n$conf");
    $node->start;
    return $node;
}

# Wait until a server that comes back from a crash, or was promoted, takes rows; dies if it
# does not. The query is an argument of psql: poll_query_until() writes it to a psql that may
# have been refused and be gone, which ends a test with "Broken pipe".
sub wait_for_recovery
{
    my ($node) = @_;
    my ($out, $err);

    local %ENV = $node->_get_env();
    for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
    {
        IPC::Run::run([ $node->installed_command('psql'), '-XAt', '-d', $node->connstr('postgres'),
                '-c', 'SELECT pg_is_in_recovery()' ],
            '<', '/dev/null', '>', \$out, '2>', \$err);
        return if $out eq "f\n";
        Time::HiRes::usleep(100_000);
    }
    die "recovery does not end: $out$err";
}

# The entries of a table's directory as they are in its file (docs/format.md): {id => {first, n, ...}}, blocks
# and virtual blocks. No SQL function says where a place is.
sub places_on_disk
{
    my ($node, $table) = @_;
    my $path = $node->safe_psql('postgres', "CHECKPOINT; SELECT pg_relation_filepath('$table')");
    my $file = slurp_file($node->data_dir . "/$path");
    my ($block, $left) = unpack 'x20 L x4 L', substr($file, 24, 32);
    my %places;

    while ($left-- > 0)
    {
        my ($next, $n) = unpack 'L2', substr($file, $block * 8192 + 24, 8);
        for my $slot (0 .. $n - 1)
        {
            my %entry;
            @entry{qw(xmin id kind first n vblock nvblocks rows)} =
              unpack 'L x12 L S x2 L5', substr($file, $block * 8192 + 24 + 24 + 64 * $slot, 64);
            $places{$entry{id}} = \%entry if $entry{kind} != 0;
        }
        $block = $next;
    }
    return \%places;
}

# How many blocks of these places are in an extent of others, which came later.
sub overlaps
{
    my ($old, $new) = @_;
    my (%wanted, $taken);

    for my $place (values %$old)
    {
        $wanted{$_} = 1 foreach $place->{first} .. $place->{first} + $place->{n} - 1;
    }
    for my $place (grep { !$old->{$_->{id}} && $_->{first} != 0xFFFFFFFF } values %$new)
    {
        $taken += delete $wanted{$_} // 0 foreach $place->{first} .. $place->{first} + $place->{n} - 1;
    }
    return $taken // 0;
}

# What psql prints for each query of a script that announces them by "\echo query N"; of an
# error the first one's SQLSTATE, which needs VERBOSITY sqlstate.
sub psql_answers
{
    my ($node, $script) = @_;
    my $out;

    IPC::Run::run([ 'psql', '-XAqt', '-d', $node->connstr('postgres'), '-f', '-' ],
        '<', \$script, '>', \$out, '2>&1');
    my @answers = split /^query \d+\n/m, $out, -1;
    shift @answers;
    s/^psql:.*?(ERROR:  \w+)\n.*/$1\n/ms foreach @answers;
    return @answers;
}

# A test: the answers of an olap table to queries are the heap's. Shows the first that are not.
# Of a query that statement_timeout ended on heap nothing is known; of a hundred one may be such.
# may_differ: asked with a query and both answers whether the difference is one that may be.
sub is_answers
{
    my ($queries, $truth, $got, $test, $may_differ) = @_;
    my ($wrong, $slow) = (0, 0);

    for my $i (0 .. $#$queries)
    {
        next if defined $got->[$i] && $got->[$i] eq $truth->[$i];
        next if $truth->[$i] =~ /^ERROR:  57014/ && ++$slow <= @$queries / 100;
        next if $may_differ && defined $got->[$i] && $may_differ->($queries->[$i], $truth->[$i], $got->[$i]);
        diag "$queries->[$i]\n--- heap\n"
          . substr($truth->[$i], 0, 300) . "--- olap\n"
          . substr($got->[$i] // '(none)', 0, 300)
          if $wrong++ < 5;
    }
    is($wrong, 0, $test);
}

# Kills the server, and waits for its processes: nobody who is left may keep the new one from starting.
sub kill_server
{
    my ($node) = @_;
    my ($postmaster) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
    my @processes = ($postmaster, split ' ', `pgrep -P $postmaster`);

    $node->kill9;
    for (1 .. 600)
    {
        return unless grep { kill 0, $_ } @processes;
        select undef, undef, undef, 0.1;
    }
    die 'the server does not die';
}

# SQL that makes a type of this name: integers that olap sorts by comparing two of them. Where application_name is
# 'compaction' a comparison calls a function of pg_catalog, too.
sub compared_type
{
    my ($name, $does) = @_;
    return qq(
CREATE TYPE $name;
CREATE FUNCTION ${name}_in(cstring) RETURNS $name LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION ${name}_out($name) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE $name (INPUT = ${name}_in, OUTPUT = ${name}_out, LIKE = int4);
CREATE CAST (int AS $name) WITHOUT FUNCTION;
CREATE CAST ($name AS int) WITHOUT FUNCTION;
CREATE FUNCTION ${name}_lt($name, $name) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION ${name}_eq($name, $name) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION ${name}_cmp(a $name, b $name) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT AS \$\$
BEGIN
  IF pg_catalog.current_setting('application_name') OPERATOR(pg_catalog.=) 'compaction' THEN
    PERFORM pg_catalog.$does;
  END IF;
  RETURN pg_catalog.btint4cmp(a::pg_catalog.int4, b::pg_catalog.int4);
END \$\$;
CREATE OPERATOR < (LEFTARG = $name, RIGHTARG = $name, FUNCTION = ${name}_lt);
CREATE OPERATOR = (LEFTARG = $name, RIGHTARG = $name, FUNCTION = ${name}_eq);
CREATE OPERATOR CLASS ${name}_ops DEFAULT FOR TYPE $name USING btree AS
  OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 ${name}_cmp($name, $name);
);
}

# "gated": a comparison waits for advisory lock 1, and keeps it till the end of the transaction. So a compaction
# of a table with order_by on such a column is held once a job, when it has read rows and written none.
sub gated_type { return compared_type('gated', 'pg_advisory_xact_lock_shared(1)') }

# A condition: a compaction is at the gate.
sub waits_at_gate
{
    return q(EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE application_name = 'compaction' AND l.locktype = 'advisory' AND NOT l.granted));
}

1;

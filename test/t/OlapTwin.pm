# A table o and its heap twin h, which the same transactions change; sessions that look at both, and sessions that
# wait in the middle of something.
package OlapTwin;
use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(twice twin_sums twin_reader twin_paths start holds_before_end ends);

# the same statements on the table and on its twin, in one transaction
sub twice
{
    my (@statements) = @_;
    return join '; ', 'BEGIN', (map { my $s = $_; map { $s =~ s/\bT\b/$_/gr } qw(o h) } @statements), 'COMMIT';
}

my $SUMS = 'SELECT count(*), sum(id), sum(v), sum(id::bigint * v)';
my %PATH = (
    vectors => '',
    scan => 'SET olap.enable_scan = off; SET olap.enable_vector_agg = off; SET enable_indexscan = off; '
      . 'SET enable_bitmapscan = off',
    index => 'SET olap.enable_scan = off; SET enable_seqscan = off; SET enable_bitmapscan = off');
my %PLAN = (vectors => qr/Olap/, scan => qr/Seq Scan/, index => qr/Index Scan/);

# Tests that the settings of twin_sums() lead to their paths.
sub twin_paths
{
    my ($node) = @_;

    foreach (sort keys %PATH)
    {
        like($node->safe_psql('postgres', "$PATH{$_}; EXPLAIN (COSTS off) $SUMS FROM o WHERE id > 0"), $PLAN{$_},
            "the path $_ is taken");
    }
}

# a session that keeps its snapshot
sub twin_reader
{
    my ($node) = @_;
    my $session = $node->background_psql('postgres');

    $session->set_query_timer_restart;
    $session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM h');
    return $session;
}

# What such a session sees in the twin, if it sees the same in the table by each path; what it sees, otherwise.
sub twin_sums
{
    my ($session) = @_;
    my $truth = $session->query_safe("$SUMS FROM h");
    my %got = map { $_ => $session->query_safe("$PATH{$_}; $SUMS FROM o WHERE id > 0; RESET ALL") } keys %PATH;
    my @wrong = grep { $got{$_} ne $truth } sort keys %got;

    return @wrong ? join(', ', "heap $truth", map { "$_ $got{$_}" } @wrong) : $truth;
}

# A session of its own for some statements; its name, an application_name, tells it from others.
sub start
{
    my ($node, $name, @statements) = @_;
    my $out = '';

    return {
        node => $node,
        name => $name,
        out => \$out,
        handle => IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=terse',
                '-d', $node->connstr('postgres') . " application_name=$name", map { ('-c', $_) } @statements ],
            '<', '/dev/null', '>&', \$out) };
}

# It asks as often as poll_query_until does.
sub wait_for
{
    my ($session, $is_so) = @_;

    for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
    {
        return 1 if $is_so->();
        return 0 unless $session->{handle}->pumpable;
        $session->{handle}->pump_nb;
        select undef, undef, undef, 0.1;
    }
    die "$session->{name} does not end: ${$session->{out}}";
}

# Wait until the condition holds, or the session has ended; which of them?
sub holds_before_end
{
    my ($session, $condition) = @_;
    return wait_for($session, sub { $session->{node}->safe_psql('postgres', "SELECT $condition") eq 't' });
}

# A test: it ends, and this is what it wrote. No server is asked.
sub ends
{
    my ($session, $expected, $test) = @_;

    wait_for($session, sub { 0 });
    $session->{handle}->finish;
    like(${ $session->{out} }, $expected, $test);
}

1;

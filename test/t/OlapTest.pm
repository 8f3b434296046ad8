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

our @EXPORT = qw(olap_node wait_for_recovery psql_answers is_answers);

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
sub is_answers
{
    my ($queries, $truth, $got, $test) = @_;
    my $wrong = 0;

    for my $i (0 .. $#$queries)
    {
        next if defined $got->[$i] && $got->[$i] eq $truth->[$i];
        diag "$queries->[$i]\n--- heap\n"
          . substr($truth->[$i], 0, 300) . "--- olap\n"
          . substr($got->[$i] // '(none)', 0, 300)
          if $wrong++ < 5;
    }
    is($wrong, 0, $test);
}

1;

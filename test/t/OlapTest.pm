# What several TAP tests need.
package OlapTest;
use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Time::HiRes;

our @EXPORT = qw(wait_for_recovery);

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

1;

/*-------------------------------------------------------------------------
 *
 * session.c
 *		Settings of a worker's session that nobody else is to choose.
 *
 * src/worker/session.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "worker/worker.h"

void
olap_worker_set(const char *const settings[][2], int n)
{
	for (int i = 0; i < n; i++)
		if (GetConfigOption(settings[i][0], true, false) != NULL)	/* not in all versions */
			SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_SESSION);
}

void
olap_worker_set_session(const char *lock_timeout)
{
	const char *const settings[][2] = {
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"statement_timeout", "0"},
		{"lock_timeout", lock_timeout},
		{"idle_in_transaction_session_timeout", "0"},
		{"transaction_timeout", "0"},
	};

	olap_worker_set(settings, lengthof(settings));
}

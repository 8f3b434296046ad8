/*-------------------------------------------------------------------------
 *
 * keep_memory.c
 *		Memory that a backend keeps for its next query.
 *
 * Tables of groups take some megabytes and live as long as their query.  glibc's
 * malloc maps blocks above a threshold one by one, and gives the end of the heap back
 * to the system when more than another threshold is free there; both start at 128 kB
 * and follow the largest block that was ever freed.  So a backend that groups by some
 * ten thousand texts again and again has every page taken away and cleared anew each
 * time, a fifth of such a query's time.
 *
 * src/base/keep_memory.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <malloc.h>

#include "base/guc.h"
#include "base/keep_memory.h"

/* What malloc starts with, bytes. */
#define MALLOC_THRESHOLD (128 * 1024)
/* glibc does not take more than that for blocks that come from the heap. */
#define MALLOC_MMAP_MAX (32 * 1024 * 1024)

void
olap_keep_memory(void)
{
#ifdef M_TRIM_THRESHOLD
	static int	kept = 0;		/* kB, 0: malloc has not been told anything */
	size_t		bytes = (size_t) olap_guc_keep_memory * 1024;

	if (kept == olap_guc_keep_memory)
		return;
	kept = olap_guc_keep_memory;

	/* half of it in one block: as malloc chooses the two itself */
	mallopt(M_MMAP_THRESHOLD, (int) Min(Max(bytes / 2, MALLOC_THRESHOLD), MALLOC_MMAP_MAX));
	mallopt(M_TRIM_THRESHOLD, (int) Max(bytes, MALLOC_THRESHOLD));
#endif
}

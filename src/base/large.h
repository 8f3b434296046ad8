/*-------------------------------------------------------------------------
 *
 * large.h
 *		Arrays of many megabytes that are read and written all over.
 *
 * A page of 4 kB costs a fault when it is first touched and an entry of the
 * translation cache whenever it is; both take a good part of the time of tables
 * with millions of entries.  So large arrays ask for pages of 2 MB, where the
 * system leaves that to the program.
 *
 * src/base/large.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_LARGE_H
#define OLAP_BASE_LARGE_H

#include <sys/mman.h>

#include "utils/memutils.h"
#include "utils/palloc.h"

#define OLAP_LARGE_PAGE ((uintptr_t) 1 << 21)

/* Ask for large pages for size bytes at array, before they are touched. */
static inline void
olap_large_pages(void *array, size_t size)
{
#ifdef MADV_HUGEPAGE
	uintptr_t	first = TYPEALIGN(OLAP_LARGE_PAGE, array);
	uintptr_t	end = TYPEALIGN_DOWN(OLAP_LARGE_PAGE, (uintptr_t) array + size);

	/* a wish: without it everything works as well */
	if (size >= 2 * OLAP_LARGE_PAGE && end > first)
		(void) madvise((void *) first, end - first, MADV_HUGEPAGE);
#endif
}

/* MemoryContextAllocHuge() and repalloc_huge() with that. */
static inline void *
olap_large_alloc(MemoryContext cxt, size_t size)
{
	void	   *array = MemoryContextAllocHuge(cxt, size);

	olap_large_pages(array, size);
	return array;
}

static inline void *
olap_large_alloc_zero(MemoryContext cxt, size_t size)
{
	return memset(olap_large_alloc(cxt, size), 0, size);
}

/*
 * Array, of which the first `used` bytes hold something, gets room for size.
 * repalloc_huge() would spoil the pages of a large one: it copies into memory that
 * has not asked for them yet, or moves them to where they are no longer whole.
 */
static inline void *
olap_large_realloc(void *array, size_t used, size_t size)
{
	void	   *to;

	if (size < 2 * OLAP_LARGE_PAGE)
		return repalloc_huge(array, size);
	to = olap_large_alloc(GetMemoryChunkContext(array), size);
	memcpy(to, array, used);
	pfree(array);
	return to;
}

#endif							/* OLAP_BASE_LARGE_H */

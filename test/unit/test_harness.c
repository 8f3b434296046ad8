/*
 * test/unit/test_harness.c
 *		The harness itself: contexts free what they hold, errors are caught.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/errors.h"
#include "unit.h"

/* A context frees its chunks and its children's. */
static void
context_frees_all(void)
{
	size_t		before = unit_allocated();
	MemoryContext outer = AllocSetContextCreate(CurrentMemoryContext, "outer",
												ALLOCSET_DEFAULT_SIZES);
	MemoryContext inner = AllocSetContextCreate(outer, "inner",
												ALLOCSET_DEFAULT_SIZES);
	char	   *p = MemoryContextAlloc(outer, 100);

	MemoryContextAllocZero(inner, 50);
	CHECK_INT(unit_allocated() - before, 150);
	p = repalloc(p, 400);
	CHECK_INT(unit_allocated() - before, 450);
	MemoryContextDelete(outer);
	CHECK_INT(unit_allocated(), before);
}

/* repalloc keeps the bytes; palloc0 clears them. */
static void
bytes_are_kept(void)
{
	char	   *p = palloc0(3);

	CHECK_INT(p[0] | p[1] | p[2], 0);
	memcpy(p, "abc", 3);
	p = repalloc(p, 1000);
	CHECK(memcmp(p, "abc", 3) == 0);
}

/* An oversized request is an error, as in the server. */
static void
oversized_request_is_an_error(void)
{
	CHECK_ERROR(palloc(MaxAllocSize + 1), "invalid memory alloc request size");
}

/* Ensure() raises its message; the SQLSTATE of ereport() can be asked for. */
static void
errors_are_caught(void)
{
	CHECK_ERROR(Ensure(unit_random() == 0, "broken %d", 7), "broken 7");
	CHECK_ERROR(OLAP_NOT_SUPPORTED("flying"), "flying is not supported");
	CHECK_INT(unit_last_sqlstate(), ERRCODE_FEATURE_NOT_SUPPORTED);
}

int
main(void)
{
	RUN(context_frees_all);
	RUN(bytes_are_kept);
	RUN(oversized_request_is_an_error);
	RUN(errors_are_caught);
	return DONE();
}

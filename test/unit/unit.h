/*
 * test/unit/unit.h
 *		Minimal harness of the unit tests: TAP output, checks, expected errors.
 *
 * A test program looks like this:
 *
 *		#include "postgres.h"
 *		#include "unit.h"
 *
 *		static void
 *		constant_round_trip(void)
 *		{
 *			CHECK(1 + 1 == 2);
 *			CHECK_ERROR(elog(ERROR, "no"), "no");
 *		}
 *
 *		int
 *		main(void)
 *		{
 *			RUN(constant_round_trip);
 *			return DONE();
 *		}
 *
 * It is linked with every pure object (ranks 0-4), pg_stubs.c and the server's
 * own libpgcommon and libpgport. Memory a test allocates is freed after it.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>

/* Fail the running test, with the place, if the condition does not hold. */
#define CHECK(condition) \
	unit_check((condition), #condition, __FILE__, __LINE__)

/* As CHECK, for two integers, which are printed when they differ. */
#define CHECK_INT(got, expected) \
	unit_check_int((int64) (got), (int64) (expected), \
				   #got " == " #expected, __FILE__, __LINE__)

/* The statement must raise an error whose message contains the text. */
#define CHECK_ERROR(statement, text) \
	do { \
		sigjmp_buf	unit_buf; \
		volatile bool unit_raised = true; \
		sigjmp_buf *volatile unit_saved = PG_exception_stack; \
		if (sigsetjmp(unit_buf, 0) == 0) \
		{ \
			PG_exception_stack = &unit_buf; \
			statement; \
			unit_raised = false; \
		} \
		PG_exception_stack = unit_saved; \
		unit_check_error(unit_raised, text, #statement, __FILE__, __LINE__); \
	} while (0)

#define RUN(test) unit_run(test, #test)
#define DONE() unit_done()

extern void unit_check(bool ok, const char *what, const char *file, int line);
extern void unit_check_int(int64 got, int64 expected, const char *what,
						   const char *file, int line);
extern void unit_check_error(bool raised, const char *text, const char *what,
							 const char *file, int line);
extern void unit_run(void (*test) (void), const char *name);
extern int	unit_done(void);

/* A reproducible pseudo-random number (xorshift); UNIT_SEED sets the start. */
extern uint64 unit_random(void);

/* Calls of ProcessInterrupts() so far. */
extern unsigned unit_interrupts;

/* The last error raised: its message and its SQLSTATE (MAKE_SQLSTATE form). */
extern const char *unit_last_message(void);
extern int	unit_last_sqlstate(void);

/* Off, fresh memory is as malloc has it: for benchmarks. */
extern bool unit_fill_memory;

/* Bytes that palloc and friends hold now. */
extern size_t unit_allocated(void);

/* The most since the last call. */
extern size_t unit_peak(void);

#endif							/* UNIT_H */

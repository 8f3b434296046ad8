/*-------------------------------------------------------------------------
 *
 * errors.h
 *		Helpers for the errors every layer raises.
 *
 * User-reachable conditions are ereport()ed with a SQLSTATE; conditions that
 * only a bug can produce go through Ensure().
 *
 * src/base/errors.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_ERRORS_H
#define OLAP_BASE_ERRORS_H

/*
 * Refuse a feature olap tables do not have yet. "feature" completes the
 * sentence "... is not supported on olap tables" and is a string literal.
 */
#define OLAP_NOT_SUPPORTED(feature) \
	ereport(ERROR, \
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), \
			 errmsg("%s is not supported on olap tables", feature), \
			 errhint("Use an ordinary table for this, or see the limits in the documentation.")))

/*
 * State an invariant. A debug build stops at the place; a release build raises
 * an error with the message (elog format and arguments) instead of going on
 * with a broken assumption.
 */
#ifdef USE_ASSERT_CHECKING
#define Ensure(condition, ...) \
	do { \
		Assert(condition); \
	} while (0)
#else
#define Ensure(condition, ...) \
	do { \
		if (unlikely(!(condition))) \
			elog(ERROR, __VA_ARGS__); \
	} while (0)
#endif

#endif							/* OLAP_BASE_ERRORS_H */

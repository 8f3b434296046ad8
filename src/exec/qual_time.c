/*-------------------------------------------------------------------------
 *
 * qual_time.c
 *		Predicates on columns of time against constants of another type of time.
 *
 * Such comparisons convert one side: a day into its first moment, a local time
 * into an instant by the session's time zone.  The column stays as it is here,
 * so that zone maps and kernels read it: the constant, or the border where the
 * comparison turns, is converted into the column's unit instead.  That is exact,
 * also on days when the clocks change: there the column's range falls into
 * pieces with a border each.
 *
 * src/exec/qual_time.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "pgtime.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "exec/qual_time.h"

/* No zone is as far from UTC as this: names like <+20>-20 have up to 168 hours. */
#define FARTHEST (170 * USECS_PER_HOUR)

/* Ranges of a column's values that a predicate is true of, ascending. */
typedef struct Ranges
{
	int			col;
	OlapCompare cmp;
	OlapExpr  **exprs;			/* one for each, of the n before the open one */
	int			n;
	bool		open;			/* a range that may go on */
	int64		first;
	int64		last;
} Ranges;

static OlapExpr *
compare_int(int col, OlapCompare cmp, int64 constant)
{
	OlapExprValue value = {.i = constant};

	return olap_expr_compare(col, OLAP_ORDER_INT, cmp, &value);
}

/* col cmp a constant between `below` and the next integer. */
static OlapExpr *
compare_between(int col, OlapCompare cmp, int64 below)
{
	switch (cmp)
	{
		case OLAP_CMP_EQ:
			return olap_expr_const(false);
		case OLAP_CMP_NE:
			return olap_expr_null(col, false);
		case OLAP_CMP_LT:
		case OLAP_CMP_LE:
			return compare_int(col, OLAP_CMP_LE, below);
		default:
			return compare_int(col, OLAP_CMP_GT, below);
	}
}

/* ---- constants that have one value in the column's unit ---- */

/* A date column (days) against a timestamp (microseconds). */
static OlapExpr *
compare_date(int col, OlapCompare cmp, Timestamp constant)
{
	int64		day;

	if (TIMESTAMP_IS_NOBEGIN(constant))
		return compare_int(col, cmp, DATEVAL_NOBEGIN);
	if (TIMESTAMP_IS_NOEND(constant))
		return compare_int(col, cmp, DATEVAL_NOEND);
	day = constant / USECS_PER_DAY;
	if (day * USECS_PER_DAY == constant)
		return compare_int(col, cmp, day);
	return compare_between(col, cmp, constant < 0 ? day - 1 : day);
}

/* A column of microseconds against a constant that may be beyond all of them. */
static OlapExpr *
compare_converted(int col, OlapCompare cmp, int64 constant, int overflow)
{
	if (overflow > 0)
		return compare_between(col, cmp, PG_INT64_MAX - 1);
	if (overflow < 0)
		return compare_between(col, cmp, PG_INT64_MIN);
	return compare_int(col, cmp, constant);
}

/* ---- ranges ---- */

static void
end_range(Ranges *ranges)
{
	OlapExpr   *ends[2];

	if (!ranges->open)
		return;
	ends[0] = compare_int(ranges->col, OLAP_CMP_GE, ranges->first);
	ends[1] = compare_int(ranges->col, OLAP_CMP_LE, ranges->last);
	ranges->exprs = ranges->exprs == NULL ? palloc(sizeof(OlapExpr *)) :
		repalloc(ranges->exprs, (ranges->n + 1) * sizeof(OlapExpr *));
	ranges->exprs[ranges->n++] = ranges->first == PG_INT64_MIN ? ends[1] :
		ranges->last == PG_INT64_MAX ? ends[0] : olap_expr_and(ends, 2);
	ranges->open = false;
}

/*
 * Values from first to last, which follow those of the call before, compare
 * with the constant as sign says: less, equal, greater.
 */
static void
add_range(Ranges *ranges, int64 first, int64 last, int sign)
{
	bool		holds = false;

	if (first > last)
		return;
	switch (ranges->cmp)
	{
		case OLAP_CMP_EQ:
			holds = sign == 0;
			break;
		case OLAP_CMP_NE:
			holds = sign != 0;
			break;
		case OLAP_CMP_LT:
			holds = sign < 0;
			break;
		case OLAP_CMP_LE:
			holds = sign <= 0;
			break;
		case OLAP_CMP_GT:
			holds = sign > 0;
			break;
		case OLAP_CMP_GE:
			holds = sign >= 0;
			break;
	}
	if (!holds)
	{
		end_range(ranges);
		return;
	}
	if (!ranges->open)
		ranges->first = first;
	ranges->open = true;
	ranges->last = last;
}

/* The same of values whose counterpart is equal from `equal` to `greater` - 1. */
static void
add_ranges(Ranges *ranges, int64 first, int64 last, int64 equal, int64 greater)
{
	add_range(ranges, first, Min(last, equal - 1), -1);
	add_range(ranges, Max(first, equal), Min(last, greater - 1), 0);
	add_range(ranges, Max(first, greater), last, 1);
}

static OlapExpr *
finish_ranges(Ranges *ranges)
{
	if (ranges->open && ranges->n == 0 && ranges->first == PG_INT64_MIN &&
		ranges->last == PG_INT64_MAX)
		return olap_expr_null(ranges->col, false);
	end_range(ranges);
	if (ranges->n == 0)
		return olap_expr_const(false);
	return ranges->n == 1 ? ranges->exprs[0] :
		olap_expr_or(ranges->exprs, ranges->n);
}

/* ---- time zones ---- */

/*
 * How many microseconds the session's zone is ahead of UTC at an instant, and
 * when that changes next: the first instant it no longer holds for.
 */
static int64
offset_at(TimestampTz instant, TimestampTz *until)
{
	const int64 epoch = (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
		SECS_PER_DAY;
	int64		second = instant / USECS_PER_SEC;
	pg_time_t	from,
				boundary;
	long		before,
				after;
	int			before_dst,
				after_dst,
				found;

	if (second * USECS_PER_SEC > instant)
		second--;
	from = second + epoch;
	found = pg_next_dst_boundary(&from, &before, &before_dst, &boundary,
								 &after, &after_dst, session_timezone);
	if (found < 0)
		before = 0;				/* as the server takes such an instant */
	*until = found > 0 && boundary - epoch < PG_INT64_MAX / USECS_PER_SEC ?
		(boundary - epoch) * USECS_PER_SEC : PG_INT64_MAX;
	return before * USECS_PER_SEC;
}

/* The same of a local time, as it is read where clocks have changed. */
static bool
local_offset(Timestamp local, int64 *offset)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		return false;
	*offset = -(int64) DetermineTimeZoneOffset(&tm, session_timezone) *
		USECS_PER_SEC;
	return true;
}

/* A date column against an instant: a day stands for its first moment here. */
static OlapExpr *
compare_day_with_instant(int col, OlapCompare cmp, TimestampTz constant)
{
	Ranges		ranges = {.col = col, .cmp = cmp};
	int64		low,
				high;

	if (TIMESTAMP_NOT_FINITE(constant))
		return compare_date(col, cmp, constant);
	low = (constant - FARTHEST) / USECS_PER_DAY - 1;
	high = (constant + FARTHEST) / USECS_PER_DAY + 1;
	add_range(&ranges, PG_INT64_MIN, low - 1, -1);
	for (int64 day = low; day <= high; day++)
	{
		int			overflow = 0;
		TimestampTz start = date2timestamptz_opt_overflow(day, &overflow);

		add_range(&ranges, day, day, overflow != 0 ? overflow :
				  start < constant ? -1 : start > constant);
	}
	add_range(&ranges, high + 1, PG_INT64_MAX, 1);
	return finish_ranges(&ranges);
}

/*
 * A timestamp column against an instant.  NULL if the clocks change more than
 * once nearby, which happens in zones that users make up.
 */
static OlapExpr *
compare_local_with_instant(int col, OlapCompare cmp, TimestampTz constant)
{
	Ranges		ranges = {.col = col, .cmp = cmp};
	int64		low = constant - FARTHEST;
	int64		high = constant + FARTHEST;
	int64		before,
				after,
				at;
	TimestampTz until;

	if (TIMESTAMP_NOT_FINITE(constant))
		return compare_int(col, cmp, constant);
	if (!IS_VALID_TIMESTAMP(low - FARTHEST) || !IS_VALID_TIMESTAMP(high + FARTHEST) ||
		!local_offset(low, &before) || !local_offset(high, &after))
		return NULL;
	(void) offset_at(low - FARTHEST, &until);
	if (until <= high + FARTHEST)
	{
		(void) offset_at(until, &until);
		if (until <= high + FARTHEST)
			return NULL;
	}
	/* one change at most: find the first local time behind it */
	at = high + 1;
	for (int64 low_end = low; before != after && at - low_end > 1;)
	{
		int64		middle = low_end + (at - low_end) / 2;
		int64		offset;

		if (!local_offset(middle, &offset))
			return NULL;
		if (offset == before)
			low_end = middle;
		else
			at = middle;
	}
	add_range(&ranges, PG_INT64_MIN, low - 1, -1);
	add_ranges(&ranges, low, at - 1, constant + before, constant + before + 1);
	add_ranges(&ranges, at, high, constant + after, constant + after + 1);
	add_range(&ranges, high + 1, PG_INT64_MAX, 1);
	return finish_ranges(&ranges);
}

/* The day that an instant falls into here, against a day. */
static OlapExpr *
compare_local_day(int col, OlapCompare cmp, DateADT day)
{
	Ranges		ranges = {.col = col, .cmp = cmp};
	int64		start = (int64) day * USECS_PER_DAY;
	int64		end = start + USECS_PER_DAY;
	int64		high = end + FARTHEST;
	int64		at = start - FARTHEST;

	add_range(&ranges, PG_INT64_MIN, at - 1, -1);
	while (at <= high)
	{
		TimestampTz until;
		int64		offset = offset_at(at, &until);

		add_ranges(&ranges, at, Min(until - 1, high), start - offset,
				   end - offset);
		at = until;
		if (until == PG_INT64_MAX)
			break;
	}
	add_range(&ranges, high + 1, PG_INT64_MAX, 1);
	return finish_ranges(&ranges);
}

/* ---- what others ask for ---- */

OlapExpr *
olap_qual_compare_time(int col, Oid column_type, OlapCompare cmp, Oid type,
					   Datum constant)
{
	int			overflow = 0;
	int64		value;

	if (column_type == DATEOID && type == TIMESTAMPOID)
		return compare_date(col, cmp, DatumGetTimestamp(constant));
	if (column_type == DATEOID)
		return compare_day_with_instant(col, cmp, DatumGetTimestampTz(constant));
	if (column_type == TIMESTAMPOID && type == TIMESTAMPTZOID)
		return compare_local_with_instant(col, cmp, DatumGetTimestampTz(constant));
	if (column_type == TIMESTAMPOID)
		value = date2timestamp_opt_overflow(DatumGetDateADT(constant), &overflow);
	else if (type == DATEOID)
		value = date2timestamptz_opt_overflow(DatumGetDateADT(constant), &overflow);
	else
		value = timestamp2timestamptz_opt_overflow(DatumGetTimestamp(constant),
												   &overflow);
	return compare_converted(col, cmp, value, overflow);
}

OlapExpr *
olap_qual_compare_day(int col, bool with_zone, OlapCompare cmp, DateADT day)
{
	Ranges		ranges = {.col = col, .cmp = cmp};
	int64		start = (int64) day * USECS_PER_DAY;

	if (DATE_IS_NOBEGIN(day))
		return compare_int(col, cmp, PG_INT64_MIN);
	if (DATE_IS_NOEND(day))
		return compare_int(col, cmp, PG_INT64_MAX);
	if (day >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)
		return compare_converted(col, cmp, 0, 1);
	if (with_zone)
		return compare_local_day(col, cmp, day);
	add_ranges(&ranges, PG_INT64_MIN, PG_INT64_MAX, start, start + USECS_PER_DAY);
	return finish_ranges(&ranges);
}

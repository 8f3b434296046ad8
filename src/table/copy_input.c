/*-------------------------------------------------------------------------
 *
 * copy_input.c
 *		Read the values of a COPY into an olap table faster.
 *
 * Of the time of a COPY two thirds go by before the table sees a row, a good part
 * of them in input functions that are ready for every way to write a date or a
 * number.  So COPY gets input functions that know the usual way, which is the one
 * that PostgreSQL writes itself, and ask the type's own for everything else: values
 * are the same, and errors are the server's.
 *
 * COPY has no hook for that.  But while it hands rows to a table, the innermost
 * error callback is its own, with its state as the argument; and the input functions
 * in there are looked up once, before the first row.  So the first batch of rows is
 * read by the types' functions and the others by these.  Binary formats have other
 * functions and stay as they are.
 *
 * src/table/copy_input.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/guc.h"
#include "table/copy_input.h"
#include "vector/text_in.h"
#include "vector/vector.h"

static Datum
fast_uuid(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *uuid = palloc(sizeof(*uuid));

	if (olap_text_uuid(PG_GETARG_CSTRING(0), uuid->data))
		return UUIDPGetDatum(uuid);
	pfree(uuid);
	return uuid_in(fcinfo);
}

static Datum
fast_date(PG_FUNCTION_ARGS)
{
	int32		day;

	return olap_text_date(PG_GETARG_CSTRING(0), &day) ? Int32GetDatum(day) : date_in(fcinfo);
}

/* An offset is read and has no meaning, as the type's function has it. */
static Datum
fast_timestamp(PG_FUNCTION_ARGS)
{
	OlapTextTime t;

	if (PG_GETARG_INT32(2) >= 0 || !olap_text_time(PG_GETARG_CSTRING(0), &t))
		return timestamp_in(fcinfo);
	return TimestampGetDatum(t.local);
}

/* What the session's time zone is behind UTC at a local time, in seconds. */
static int64
seconds_behind(const OlapTextTime *t)
{
	struct pg_tm tm = {0};

	tm.tm_year = t->year;
	tm.tm_mon = t->month;
	tm.tm_mday = t->day;
	tm.tm_hour = t->hour;
	tm.tm_min = t->minute;
	tm.tm_sec = t->second;
	return DetermineTimeZoneOffset(&tm, session_timezone);
}

static Datum
fast_timestamptz(PG_FUNCTION_ARGS)
{
	OlapTextTime t;
	int64		behind;

	if (PG_GETARG_INT32(2) >= 0 || !olap_text_time(PG_GETARG_CSTRING(0), &t))
		return timestamptz_in(fcinfo);
	behind = t.has_offset ? -t.east : seconds_behind(&t);
	return TimestampTzGetDatum(t.local + behind * USECS_PER_SEC);
}

static Datum
fast_float8(PG_FUNCTION_ARGS)
{
	double		value;

	return olap_text_float8(PG_GETARG_CSTRING(0), &value) ? Float8GetDatum(value) : float8in(fcinfo);
}

/* typmod of a numeric with a precision: that, and a scale in 11 bits with its sign. */
static Datum
fast_numeric(PG_FUNCTION_ARGS)
{
	int32		typmod = PG_GETARG_INT32(2) - VARHDRSZ;
	int			precision = (typmod >> 16) & 0xffff;
	int			scale = ((typmod & 0x7ff) ^ 1024) - 1024;
	int64		value;
	int			written;
	char	   *numeric;

	if (!olap_text_decimal(PG_GETARG_CSTRING(0), &value, &written))
		return numeric_in(fcinfo);
	if (typmod < 0)
		scale = written;
	else if (scale < 0 || !olap_decimal_widen(&value, written, precision, scale))
		return numeric_in(fcinfo);
	numeric = palloc(OLAP_DECIMAL_MAX_SIZE);
	olap_decimal_from_i64(value, scale, numeric);
	return PointerGetDatum(numeric);
}

static const struct
{
	Oid			function;
	PGFunction	fast;
	bool		letters;		/* takes T and Z for what they usually are */
}			inputs[] = {
	{F_UUID_IN, fast_uuid, false},
	{F_DATE_IN, fast_date, false},
	{F_TIMESTAMP_IN, fast_timestamp, true},
	{F_TIMESTAMPTZ_IN, fast_timestamptz, true},
	{F_FLOAT8IN, fast_float8, false},
	{F_NUMERIC_IN, fast_numeric, false},
};

/*
 * Whether T is before a time, and Z is UTC.  An abbreviation of a time zone comes
 * first, and both can be one: in a file that timezone_abbreviations names, since
 * PostgreSQL 18 also in the session's time zone.  Without Z in that file it is none.
 */
static bool
letters_as_usual(void)
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf;
	int			dtype;
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;
	DateTimeErrorExtra extra;

	return ParseDateTime("2000-07-01T01:02:03Z", work, sizeof(work), field, ftype,
						 MAXDATEFIELDS, &nf) == 0 &&
		DecodeDateTime(field, ftype, nf, &dtype, &tm, &fsec, &tz, &extra) == 0 &&
		dtype == DTK_DATE && tz == 0;
}

void
olap_copy_input_speed_up(void)
{
	const ErrorContextCallback *inner = error_context_stack;
	CopyFromState copy;
	ListCell   *lc;

	if (inner == NULL || inner->callback != CopyFromErrorCallback || !olap_guc_enable_fast_input)
		return;
	copy = inner->arg;
	foreach(lc, copy->attnumlist)
	{
		FmgrInfo   *input = &copy->in_functions[lfirst_int(lc) - 1];

		for (size_t i = 0; i < lengthof(inputs); i++)
			if (input->fn_oid == inputs[i].function && input->fn_addr != inputs[i].fast &&
				(!inputs[i].letters || letters_as_usual()))
				input->fn_addr = inputs[i].fast;
	}
}

/*-------------------------------------------------------------------------
 *
 * start.c
 *		Turning "where to start" into absolute offsets, once.
 *
 * Why: a logical offset that is resolved again later (after a restart, after
 * data was dropped) silently skips or repeats records.  So the answer of the
 * broker is stored in the transaction that creates the pipeline.
 *
 * src/ingest/start.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "common/int.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "ingest/source_load.h"
#include "ingest/start.h"

/* How long a session waits for one answer of the broker. */
#define ANSWER_TIMEOUT_MS 10000

typedef enum StartKind
{
	START_EARLIEST,
	START_LATEST,
	START_EXPLICIT,
	START_SAME,
	START_TIME
} StartKind;

typedef struct Start
{
	StartKind	kind;
	Jsonb	   *offsets;		/* START_EXPLICIT */
	int64		offset;			/* START_SAME */
	int64		time_ms;		/* START_TIME */
} Start;

static bool
is_integer(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!isdigit((unsigned char) *s))
			return false;
	return true;
}

static Start
parse_start(const char *text)
{
	Start		start = {0};

	while (isspace((unsigned char) *text))
		text++;
	if (pg_strcasecmp(text, "earliest") == 0)
		start.kind = START_EARLIEST;
	else if (pg_strcasecmp(text, "latest") == 0)
		start.kind = START_LATEST;
	else if (*text == '{')
	{
		start.kind = START_EXPLICIT;
		start.offsets = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
														   CStringGetDatum(text)));
	}
	else if (is_integer(text))
	{
		start.kind = START_SAME;
		start.offset = DatumGetInt64(DirectFunctionCall1(int8in,
														 CStringGetDatum(text)));
	}
	else
	{
		TimestampTz time = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
																   CStringGetDatum(text),
																   ObjectIdGetDatum(InvalidOid),
																   Int32GetDatum(-1)));

		if (TIMESTAMP_NOT_FINITE(time))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("start of a pipeline must be finite"),
					 errhint("Use 'earliest' or 'latest'.")));
		start.kind = START_TIME;
		start.time_ms = time / 1000 +
			(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY * 1000;
	}
	return start;
}

/* The explicit offset of a partition, or -1 if none is named. */
static int64
explicit_offset(const Start *start, int32 partition)
{
	char		key[16];
	int			len = snprintf(key, sizeof(key), "%d", partition);
	JsonbValue	buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&start->offsets->root, key,
													 len, &buffer);
	int64		offset;

	if (value == NULL)
		return -1;
	if (value->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("starting offset of partition %d is not a number", partition)));
	offset = DatumGetInt64(DirectFunctionCall1(numeric_int8,
											   NumericGetDatum(value->val.numeric)));
	if (offset < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("starting offset of partition %d is negative", partition)));
	return offset;
}

/* Every partition the JSON object names must exist. */
static void
check_explicit(const Start *start, const int32 *partitions, int n)
{
	JsonbIterator *it = JsonbIteratorInit(&start->offsets->root);
	JsonbValue	value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		char	   *key;
		bool		found = false;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		for (int i = 0; i < n && !found; i++)
			found = strcmp(key, psprintf("%d", partitions[i])) == 0;
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the topic has no partition \"%s\"", key),
					 errdetail("It has %d partitions.", n)));
	}
}

static void
no_answer(const OlapSourceError *error)
{
	ereport(ERROR,
			(errcode(error->status == OLAP_SOURCE_TOPIC_GONE ?
					 ERRCODE_UNDEFINED_OBJECT : ERRCODE_CONNECTION_FAILURE),
			 errmsg("could not read the offsets of the topic: %s", error->message)));
}

static void
resolve_one(const OlapSourceApi *api, OlapSource *source, const Start *start,
			OlapStartOffset *out)
{
	OlapSourceError error = {0};
	int64		wish = start->kind == START_LATEST ? OLAP_OFFSET_LATEST :
		OLAP_OFFSET_EARLIEST;

	if (!api->resolve(source, out->partition, wish, ANSWER_TIMEOUT_MS,
					  &out->offset, &out->low, &out->high, &error))
		no_answer(&error);
	if (start->kind == START_TIME &&
		!api->resolve_time(source, out->partition, start->time_ms,
						   ANSWER_TIMEOUT_MS, &out->offset, &error))
		no_answer(&error);
	if (start->kind == START_EXPLICIT || start->kind == START_SAME)
	{
		int64		wished = start->kind == START_SAME ? start->offset :
			explicit_offset(start, out->partition);

		if (wished >= 0)
		{
			if (wished < out->low || wished > out->high)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("partition %d has no offset " INT64_FORMAT,
								out->partition, wished),
						 errdetail("It holds offsets " INT64_FORMAT " up to, not including, " INT64_FORMAT ".",
								   out->low, out->high)));
			out->offset = wished;
		}
	}
}

static int
compare_int32(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return (x > y) - (x < y);
}

OlapStartOffset *
olap_start_resolve(Oid source_table, Oid userid, const char *pipeline,
				   const char *text, int32 partition, int *n)
{
	const OlapSourceApi *api = olap_source_load();
	Start		start = parse_start(text);
	OlapStartOffset *result = NULL;
	OlapSource *source = api->open(source_table, userid,
								   olap_source_group(pipeline));

	*n = 0;
	PG_TRY();
	{
		OlapSourceError error = {0};
		int			count;
		int32	   *partitions = api->partitions(source, ANSWER_TIMEOUT_MS,
												 &count, &error);

		if (count < 0 || partitions == NULL)
			no_answer(&error);
		qsort(partitions, count, sizeof(int32), compare_int32);
		if (start.kind == START_EXPLICIT)
			check_explicit(&start, partitions, count);
		result = palloc0(sizeof(OlapStartOffset) * Max(count, 1));
		for (int i = 0; i < count; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (partition >= 0 && partitions[i] != partition)
				continue;
			result[*n].partition = partitions[i];
			resolve_one(api, source, &start, &result[(*n)++]);
		}
	}
	PG_FINALLY();
	{
		api->close(source);
	}
	PG_END_TRY();
	return result;
}

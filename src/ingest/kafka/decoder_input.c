/*-------------------------------------------------------------------------
 *
 * decoder_input.c
 *		Values through their type's input function, errors as values.
 *
 * Errors of input functions become bad rows.  Functions listed in is_contained()
 * only read their argument and allocate, so catching their errors leaves nothing
 * behind; all others run in a subtransaction.
 *
 * Settings that input functions look at are pinned (DateStyle ISO, YMD; time
 * zone UTC; interval style postgres; array_nulls on; xmloption content), so that
 * identical bytes give identical rows.
 *
 * src/ingest/kafka/decoder_input.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/xml.h"

#include "base/compat.h"
#include "ingest/kafka/decoder_input.h"

/* Settings pinned while input functions run. */
typedef struct PinnedSettings
{
	int			date_style;
	int			date_order;
	int			interval_style;
	bool		array_nulls;
	int			xml_option;
	pg_tz	   *time_zone;
} PinnedSettings;

static void
pin_settings(PinnedSettings *saved)
{
	static pg_tz *utc = NULL;

	if (utc == NULL)
		utc = pg_tzset("UTC");
	saved->date_style = DateStyle;
	saved->date_order = DateOrder;
	saved->interval_style = IntervalStyle;
	saved->array_nulls = Array_nulls;
	saved->xml_option = xmloption;
	saved->time_zone = session_timezone;
	DateStyle = USE_ISO_DATES;
	DateOrder = DATEORDER_YMD;
	IntervalStyle = INTSTYLE_POSTGRES;
	Array_nulls = true;
	xmloption = XMLOPTION_CONTENT;
	if (utc != NULL)
		session_timezone = utc;
}

static void
unpin_settings(const PinnedSettings *saved)
{
	DateStyle = saved->date_style;
	DateOrder = saved->date_order;
	IntervalStyle = saved->interval_style;
	Array_nulls = saved->array_nulls;
	xmloption = saved->xml_option;
	session_timezone = saved->time_zone;
}

/*
 * Input functions that touch nothing but their argument and memory.
 */
static bool
is_contained(Oid function)
{
	switch (function)
	{
		case F_JSONB_IN:
		case F_JSON_IN:
		case F_NUMERIC_IN:
		case F_INTERVAL_IN:
		case F_INET_IN:
		case F_CIDR_IN:
		case F_MACADDR_IN:
		case F_MACADDR8_IN:
		case F_TIME_IN:
		case F_TIMETZ_IN:
		case F_BYTEAIN:
		case F_BIT_IN:
		case F_VARBIT_IN:
		case F_POINT_IN:
		case F_LINE_IN:
		case F_LSEG_IN:
		case F_BOX_IN:
		case F_PATH_IN:
		case F_POLY_IN:
		case F_CIRCLE_IN:
		case F_NAMEIN:
		case F_CHARIN:
		case F_OIDIN:
		case F_TEXTIN:
		case F_VARCHARIN:
		case F_BPCHARIN:
		case F_BOOLIN:
		case F_INT2IN:
		case F_INT4IN:
		case F_INT8IN:
		case F_FLOAT4IN:
		case F_FLOAT8IN:
		case F_UUID_IN:
		case F_DATE_IN:
		case F_TIMESTAMP_IN:
		case F_TIMESTAMPTZ_IN:
			return true;
		default:
			return false;
	}
}

/* Does an error with this code blame the data, not the server's state? */
static bool
blames_data(int sqlstate)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	return category == MAKE_SQLSTATE('2', '2', '0', '0', '0') ||
		category == MAKE_SQLSTATE('2', '3', '0', '0', '0') ||
		category == MAKE_SQLSTATE('2', 'F', '0', '0', '0') ||
		category == MAKE_SQLSTATE('0', 'A', '0', '0', '0') ||
		category == MAKE_SQLSTATE('4', '2', '0', '0', '0') ||
		category == MAKE_SQLSTATE('5', '4', '0', '0', '0') ||
		category == MAKE_SQLSTATE('P', '0', '0', '0', '0');
}

/* SQLSTATE as text that lives as long as the backend: few are ever seen. */
static const char *
sqlstate_text(int sqlstate)
{
	static char texts[32][6];
	static int	used = 0;
	char	   *text = unpack_sql_state(sqlstate);

	for (int i = 0; i < used; i++)
		if (strcmp(texts[i], text) == 0)
			return texts[i];
	if (used == (int) lengthof(texts))
		return "22000";
	strlcpy(texts[used], text, sizeof(texts[0]));
	return texts[used++];
}

/*
 * Does a type hold dates or times, whose input functions know words for the
 * current time?  Fields of composite types are not looked at: words in their
 * texts would be taken for times.
 */
static bool
holds_times(Oid type)
{
	for (;;)
	{
		Oid			inner;

		type = getBaseType(type);
		switch (type)
		{
			case DATEOID:
			case TIMEOID:
			case TIMETZOID:
			case TIMESTAMPOID:
			case TIMESTAMPTZOID:
				return true;
		}
		inner = get_element_type(type);
		if (!OidIsValid(inner))
			inner = get_range_subtype(type);
		if (!OidIsValid(inner))
			inner = get_multirange_range(type);
		if (!OidIsValid(inner))
			return false;
		type = inner;
	}
}

/* Is there a word in a text that means another time each day? */
static bool
tells_clock(const char *text)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday"};

	for (const char *p = text; *p != '\0';)
	{
		size_t		len = 0;

		while (isalpha((unsigned char) p[len]))
			len++;
		for (int i = 0; i < lengthof(words); i++)
			if (len == strlen(words[i]) && pg_strncasecmp(p, words[i], len) == 0)
				return true;
		p += len > 0 ? len : 1;
	}
	return false;
}

void
olap_input_prepare(OlapInput *input, Oid type, int32 typmod)
{
	Oid			element = get_element_type(type);
	Oid			function;

	getTypeInputInfo(type, &function, &input->typioparam);
	fmgr_info(function, &input->function);
	input->typmod = typmod;
	input->takes_null = !input->function.fn_strict &&
		get_typtype(type) == TYPTYPE_DOMAIN;
	if (function == F_ARRAY_IN && OidIsValid(element))
		getTypeInputInfo(element, &function, &element);
	input->contained = is_contained(function);
	input->clock = holds_times(type);
}

bool
olap_input_contained(Oid type)
{
	OlapInput	input;

	olap_input_prepare(&input, type, -1);
	return input.contained;
}

static Datum
call_input(OlapInput *input, char *text, MemoryContext cxt)
{
	PinnedSettings saved;
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Datum		value = 0;

	pin_settings(&saved);
	PG_TRY();
	{
		value = InputFunctionCall(&input->function, text, input->typioparam,
								  input->typmod);
	}
	PG_FINALLY();
	{
		unpin_settings(&saved);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return value;
}

bool
olap_input_call(OlapInput *input, char *text, MemoryContext cxt, Datum *result,
				OlapDecodeError *error)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile Datum value = 0;
	volatile bool ok = true;

	if (input->clock && text != NULL && tells_clock(text))
	{
		error->sqlstate = "22007";
		snprintf(error->message, sizeof(error->message),
				 "times given as words are not accepted");
		return false;
	}

	if (!input->contained && !OLAP_PARALLEL_SUBTRANSACTIONS && IsInParallelMode())
	{
		*result = call_input(input, text, cxt);
		return true;
	}
	if (!input->contained)
		BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		value = call_input(input, text, cxt);
		if (!input->contained)
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(caller);
		edata = CopyErrorData();
		FlushErrorState();
		if (!input->contained)
			RollbackAndReleaseCurrentSubTransaction();
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(caller);
		if (!blames_data(edata->sqlerrcode))
			ReThrowError(edata);
		error->sqlstate = sqlstate_text(edata->sqlerrcode);
		strlcpy(error->message, edata->message ? edata->message : "",
				sizeof(error->message));
		FreeErrorData(edata);
		ok = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	*result = value;
	return ok;
}

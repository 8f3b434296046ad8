/*-------------------------------------------------------------------------
 *
 * decoder.c
 *		Messages to rows of a foreign table: the decoder inside the server.
 *
 * Chooses a kind for each column, fills meta columns, and runs input functions
 * for types that the JSON core does not know.
 *
 * src/ingest/kafka/decoder.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "ingest/kafka/decoder.h"
#include "ingest/kafka/decoder_input.h"
#include "ingest/kafka/json.h"
#include "ingest/kafka/options.h"

struct OlapDecoder
{
	OlapKafkaFormat format;
	char	   *topic;
	int			ncols;
	OlapColumnType *types;
	OlapKafkaMeta *meta;
	bool	   *empty;			/* dropped columns: always NULL */
	OlapJsonColumn *columns;
	OlapInput  *inputs;
	bool		any_input;
	OlapJsonDecoder *json;
	OlapJsonIndexer *indexer;
	MemoryContext row_cxt;		/* of input functions; reset for each row */
	MemoryContextCallback callback;
};

/* OlapJsonInput: text (NULL: no value) through the column's input function. */
static bool
input_column(void *arg, int col, char *text, size_t len, OlapVector *v,
			 OlapDecodeError *error)
{
	OlapDecoder *decoder = arg;
	Datum		value;

	if (!olap_input_call(&decoder->inputs[col], text, decoder->row_cxt, &value,
						 error))
		return false;
	olap_vector_append_datum(v, &decoder->types[col], value, text == NULL);
	return true;
}

static void
free_indexer(void *arg)
{
	OlapDecoder *decoder = arg;

	olap_json_indexer_free(decoder->indexer);
}

/* numeric(p, s)'s precision, as in its typmod. */
static int
numeric_precision(int32 typmod)
{
	return ((typmod - VARHDRSZ) >> 16) & 0xFFFF;
}

static int
column_scale(int32 typmod)
{
	return (((typmod - VARHDRSZ) & 0x7FF) ^ 1024) - 1024;
}

/*
 * How a column of this type is read.
 */
static OlapJsonKind
choose_kind(const OlapColumnType *type)
{
	Oid			base;

	switch (type->typid)
	{
		case BOOLOID:
			return OLAP_JSON_BOOL;
		case INT2OID:
			return OLAP_JSON_I16;
		case INT4OID:
			return OLAP_JSON_I32;
		case INT8OID:
			return OLAP_JSON_I64;
		case FLOAT4OID:
			return OLAP_JSON_F32;
		case FLOAT8OID:
			return OLAP_JSON_F64;
		case NUMERICOID:
			/* the digits in front of the point that a negative scale zeroes
			 * are numeric_in's business */
			if (type->phys == OLAP_PHYS_DEC64 && column_scale(type->typmod) >= 0)
				return OLAP_JSON_DEC64;
			return OLAP_JSON_NUMERIC;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return OLAP_JSON_TEXT;
		case UUIDOID:
			return OLAP_JSON_UUID;
		case DATEOID:
			return OLAP_JSON_DATE;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return OLAP_JSON_TIMESTAMP;
		case JSONOID:
			return OLAP_JSON_DOCUMENT;
		case JSONBOID:
			return OLAP_JSON_INPUT_DOCUMENT;
		default:
			/* a domain's checks are its input function's, whatever the kind */
			base = getBaseType(type->typid);
			if (base == JSONOID || base == JSONBOID)
				return OLAP_JSON_INPUT_DOCUMENT;
			return OidIsValid(get_element_type(base))
				? OLAP_JSON_ARRAY : OLAP_JSON_INPUT;
	}
}

static void
prepare_json(OlapDecoder *decoder, int col, Form_pg_attribute att,
			 const OlapKafkaColumn *options)
{
	OlapJsonColumn *column = &decoder->columns[col];
	const OlapColumnType *type = &decoder->types[col];

	column->kind = choose_kind(type);
	column->path = options->path;
	column->required = options->required || att->attnotnull;
	column->strict = options->strict;
	column->time_format = options->time_format;
	if (options->has_time_format && column->kind != OLAP_JSON_DATE &&
		column->kind != OLAP_JSON_TIMESTAMP)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("option \"time_format\" does not apply to column \"%s\"",
						NameStr(att->attname)),
				 errdetail("Its type is %s.", format_type_be(type->typid)),
				 errhint("Use date, timestamp or timestamp with time zone.")));
	if (column->kind == OLAP_JSON_DEC64)
		column->precision = numeric_precision(type->typmod);
	if (column->kind == OLAP_JSON_TEXT && type->typmod >= (int32) VARHDRSZ)
	{
		column->max_chars = type->typmod - VARHDRSZ;
		column->pad = type->typid == BPCHAROID;
	}
	if (column->kind == OLAP_JSON_INPUT || column->kind == OLAP_JSON_ARRAY ||
		column->kind == OLAP_JSON_INPUT_DOCUMENT ||
		column->kind == OLAP_JSON_DEC64 || column->kind == OLAP_JSON_NUMERIC)
	{
		olap_input_prepare(&decoder->inputs[col], type->typid, type->typmod);
		column->null_input = decoder->inputs[col].takes_null;
		decoder->any_input = true;
	}
}

static void
check_meta_type(Form_pg_attribute att, OlapKafkaMeta meta)
{
	Oid			type = att->atttypid;
	bool		ok = false;
	const char *wanted = "";

	switch (meta)
	{
		case OLAP_META_PARTITION:
			ok = type == INT4OID || type == INT8OID;
			wanted = "integer or bigint";
			break;
		case OLAP_META_OFFSET:
			ok = type == INT8OID;
			wanted = "bigint";
			break;
		case OLAP_META_TIMESTAMP:
			ok = type == TIMESTAMPTZOID || type == TIMESTAMPOID ||
				type == INT8OID;
			wanted = "timestamp with time zone, timestamp, or bigint (milliseconds)";
			break;
		case OLAP_META_KEY:
		case OLAP_META_VALUE:
			ok = type == BYTEAOID || type == TEXTOID;
			wanted = "bytea or text";
			break;
		case OLAP_META_TOPIC:
			ok = type == TEXTOID;
			wanted = "text";
			break;
		case OLAP_META_NONE:
			ok = true;
	}
	if (!ok)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("meta column \"%s\" cannot have type %s",
						NameStr(att->attname), format_type_be(type)),
				 errhint("Use %s.", wanted)));
}

static void
prepare_column(OlapDecoder *decoder, const OlapKafkaTable *table, int col,
			   Form_pg_attribute att)
{
	OlapColumnType *type = &decoder->types[col];
	OlapKafkaColumn *options;

	type->typid = att->attisdropped ? InvalidOid : att->atttypid;
	type->typmod = att->atttypmod;
	type->collation = att->attcollation;
	type->typlen = att->attlen;
	type->typbyval = att->attbyval;
	type->typalign = att->attalign;
	type->dropped = att->attisdropped;
	olap_column_type_resolve(type);

	decoder->columns[col].kind = OLAP_JSON_NONE;
	decoder->columns[col].name = pstrdup(NameStr(att->attname));
	decoder->columns[col].type = *type;
	if (att->attisdropped)
	{
		decoder->empty[col] = true;
		return;
	}
	options = olap_kafka_column(table, att->attnum);
	decoder->meta[col] = options->meta;
	if (options->meta != OLAP_META_NONE)
		check_meta_type(att, options->meta);
	else if (table->format == OLAP_KAFKA_RAW)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("column \"%s\" needs option \"meta\"",
						NameStr(att->attname)),
				 errdetail("With format \"raw\" a message has no columns of its own.")));
	else
		prepare_json(decoder, col, att, options);
}

static void
create_json(OlapDecoder *decoder)
{
	const char *problem;

	decoder->indexer = olap_json_indexer_create();
	if (decoder->indexer == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	decoder->callback.func = free_indexer;
	decoder->callback.arg = decoder;
	MemoryContextRegisterResetCallback(CurrentMemoryContext,
									   &decoder->callback);
	decoder->json = olap_json_decoder_create(decoder->ncols, decoder->columns,
											 decoder->indexer, input_column,
											 decoder, &problem);
	if (decoder->json == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("invalid path of a column: %s", problem)));
}

OlapDecoder *
olap_decoder_create(Oid foreign_table)
{
	OlapDecoder *decoder = palloc0(sizeof(OlapDecoder));
	OlapKafkaTable *table = olap_kafka_table(foreign_table, InvalidOid);
	Relation	rel;
	TupleDesc	desc;

	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("reading topics needs a database with encoding UTF8"),
				 errdetail("The encoding of this database is %s.",
						   GetDatabaseEncodingName())));

	rel = table_open(foreign_table, AccessShareLock);
	desc = RelationGetDescr(rel);
	decoder->format = table->format;
	decoder->topic = table->topic;
	decoder->ncols = desc->natts;
	decoder->types = palloc0(sizeof(OlapColumnType) * Max(desc->natts, 1));
	decoder->meta = palloc0(sizeof(OlapKafkaMeta) * Max(desc->natts, 1));
	decoder->empty = palloc0(sizeof(bool) * Max(desc->natts, 1));
	decoder->columns = palloc0(sizeof(OlapJsonColumn) * Max(desc->natts, 1));
	decoder->inputs = palloc0(sizeof(OlapInput) * Max(desc->natts, 1));
	for (int col = 0; col < desc->natts; col++)
		prepare_column(decoder, table, col, TupleDescAttr(desc, col));
	table_close(rel, AccessShareLock);

	decoder->row_cxt = AllocSetContextCreate(CurrentMemoryContext,
											 "olap_kafka decoder row",
											 ALLOCSET_DEFAULT_SIZES);
	if (decoder->format == OLAP_KAFKA_JSON)
		create_json(decoder);
	return decoder;
}

const OlapColumnType *
olap_decoder_types(OlapDecoder *decoder, int *ncols)
{
	*ncols = decoder->ncols;
	return decoder->types;
}

/* Bytes of a message as text or bytea; false: not text. */
static bool
append_bytes(OlapDecoder *decoder, int col, const char *data, size_t len,
			 OlapVector *v, OlapDecodeError *error)
{
	if (data == NULL)
	{
		olap_vector_append_null(v);
		return true;
	}
	if (decoder->types[col].typid == TEXTOID &&
		(len > MaxAllocSize || !pg_verify_mbstr(PG_UTF8, data, (int) len, true)))
	{
		error->sqlstate = "22021";
		strlcpy(error->column, decoder->columns[col].name, NAMEDATALEN);
		snprintf(error->message, sizeof(error->message),
				 "the message's %s is not valid UTF-8 text without NUL bytes",
				 decoder->meta[col] == OLAP_META_KEY ? "key" : "value");
		return false;
	}
	olap_vector_append_var(v, data, len);
	return true;
}

static void
append_timestamp(const OlapColumnType *type, int64 ms, OlapVector *v)
{
	const int64 shift_ms =
		(int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000;
	Timestamp	when;

	if (ms < 0)
	{
		olap_vector_append_null(v);
		return;
	}
	if (type->typid == INT8OID)
	{
		olap_vector_append_i64(v, ms);
		return;
	}
	/* a producer may send anything: beyond the type's end there is infinity */
	if (ms - shift_ms >= END_TIMESTAMP / 1000)
		when = DT_NOEND;
	else
		when = olap_timetext_round((ms - shift_ms) * 1000, type->typmod);
	olap_vector_append_i64(v, when);
}

static bool
append_meta(OlapDecoder *decoder, int col, const OlapMessage *message,
			OlapVector *v, OlapDecodeError *error)
{
	switch (decoder->meta[col])
	{
		case OLAP_META_PARTITION:
			if (decoder->types[col].typid == INT8OID)
				olap_vector_append_i64(v, message->partition);
			else
				olap_vector_append_i32(v, message->partition);
			return true;
		case OLAP_META_OFFSET:
			olap_vector_append_i64(v, message->offset);
			return true;
		case OLAP_META_TIMESTAMP:
			append_timestamp(&decoder->types[col], message->timestamp_ms, v);
			return true;
		case OLAP_META_KEY:
			return append_bytes(decoder, col, message->key, message->key_len,
								v, error);
		case OLAP_META_VALUE:
			return append_bytes(decoder, col, message->value,
								message->value_len, v, error);
		case OLAP_META_TOPIC:
			olap_vector_append_var(v, decoder->topic, strlen(decoder->topic));
			return true;
		case OLAP_META_NONE:
			break;
	}
	olap_vector_append_null(v);
	return true;
}

OlapDecodeResult
olap_decoder_decode(OlapDecoder *decoder, const OlapMessage *message,
					OlapBatch *batch, OlapDecodeError *error)
{
	uint32		row = batch->nrows;
	bool		ok = true;

	Assert(batch->ncols == decoder->ncols);
	if (message->value == NULL && decoder->format == OLAP_KAFKA_JSON)
		return OLAP_DECODE_TOMBSTONE;
	error->column[0] = '\0';
	for (int col = 0; ok && col < decoder->ncols; col++)
		if (decoder->empty[col])
			olap_vector_append_null(&batch->cols[col]);
		else if (decoder->meta[col] != OLAP_META_NONE)
			ok = append_meta(decoder, col, message, &batch->cols[col], error);
	if (ok && decoder->json != NULL)
		ok = olap_json_decode(decoder->json, message->value, message->value_len,
							  batch->cols, error);
	if (decoder->any_input)
		MemoryContextReset(decoder->row_cxt);
	if (ok)
	{
		batch->nrows = row + 1;
		batch->nsel = row + 1;
		return OLAP_DECODE_ROW;
	}
	for (int col = 0; col < decoder->ncols; col++)
		olap_vector_truncate(&batch->cols[col], row);
	return OLAP_DECODE_BAD;
}

/*
 * test/unit/group_data.h
 *		Random vectors of every representation, and a canonical form of each
 *		value, for the tests of groups and aggregates.
 */
#ifndef GROUP_DATA_H
#define GROUP_DATA_H

#include <math.h>

#include "catalog/pg_type_d.h"
#include "datatype/timestamp.h"

#include "base/varlena.h"
#include "unit.h"
#include "vector/expr.h"
#include "vector/vector.h"

/* What a column holds. */
typedef enum DataKind
{
	DATA_BOOL, DATA_CHAR, DATA_I16, DATA_SMALL, DATA_I32, DATA_OID,
	DATA_BUCKETS, DATA_I64, DATA_RANGE, DATA_F32, DATA_F64, DATA_DECIMAL,
	DATA_NUMERIC, DATA_TEXT, DATA_WORDS, DATA_BPCHAR, DATA_UUID,
	DATA_INTERVAL,
	DATA_KINDS
} DataKind;

typedef struct DataColumn
{
	DataKind	kind;
	OlapColumnType type;
	OlapOrder	order;
	bool		nulls;
} DataColumn;

static OlapColumnType
data_type(Oid typid, int typlen, bool byval, char align)
{
	OlapColumnType type = {.typid = typid, .typmod = -1, .typlen = typlen,
		.typbyval = byval, .typalign = align};

	if (typid == NUMERICOID)
		type.typmod = (12 << 16 | 2) + VARHDRSZ;
	olap_column_type_resolve(&type);
	return type;
}

static DataColumn
data_column(DataKind kind, bool nulls)
{
	DataColumn	column = {.kind = kind, .nulls = nulls, .order = OLAP_ORDER_INT};

	switch (kind)
	{
		case DATA_BOOL:
			column.type = data_type(BOOLOID, 1, true, TYPALIGN_CHAR);
			break;
		case DATA_CHAR:
			column.type = data_type(CHAROID, 1, true, TYPALIGN_CHAR);
			column.order = OLAP_ORDER_UINT;
			break;
		case DATA_I16:
			column.type = data_type(INT2OID, 2, true, TYPALIGN_SHORT);
			break;
		case DATA_SMALL:
		case DATA_I32:
			column.type = data_type(INT4OID, 4, true, TYPALIGN_INT);
			break;
		case DATA_OID:
			column.type = data_type(OIDOID, 4, true, TYPALIGN_INT);
			column.order = OLAP_ORDER_UINT;
			break;
		case DATA_F32:
			column.type = data_type(FLOAT4OID, 4, true, TYPALIGN_INT);
			column.order = OLAP_ORDER_FLOAT;
			break;
		case DATA_F64:
			column.type = data_type(FLOAT8OID, 8, true, TYPALIGN_DOUBLE);
			column.order = OLAP_ORDER_FLOAT;
			break;
		case DATA_DECIMAL:
		case DATA_NUMERIC:
			column.type = data_type(NUMERICOID, -1, false, TYPALIGN_INT);
			column.order = OLAP_ORDER_NUMERIC;
			break;
		case DATA_TEXT:
		case DATA_WORDS:
			column.type = data_type(TEXTOID, -1, false, TYPALIGN_INT);
			column.order = OLAP_ORDER_BYTES;
			break;
		case DATA_BPCHAR:
			column.type = data_type(BPCHAROID, -1, false, TYPALIGN_INT);
			column.order = OLAP_ORDER_BPCHAR;
			break;
		case DATA_UUID:
			column.type = data_type(UUIDOID, 16, false, TYPALIGN_CHAR);
			column.order = OLAP_ORDER_BYTES;
			break;
		case DATA_INTERVAL:
			column.type = data_type(INTERVALOID, 16, false, TYPALIGN_DOUBLE);
			column.order = OLAP_ORDER_INTERVAL;
			break;
		default:
			column.type = data_type(INT8OID, 8, true, TYPALIGN_DOUBLE);
	}
	return column;
}

/* A numeric: NaN, or an integer of some scale. */
static void
data_append_numeric(OlapVector *v, uint64 r)
{
	static const uint16 nan = 0xC000;
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint32		align;
	}			value;

	if (r % 50 == 0)
	{
		olap_vector_append_var(v, (const char *) &nan, 2);
		return;
	}
	/* 1.0, 1.00, 1.000, ...: the same number in several forms */
	olap_decimal_from_i64((int64) (r / 256 % 40 - 20) *
						  (r / 16 % 3 == 0 ? 1000 : r / 16 % 3 == 1 ? 10 : 1),
						  r / 16 % 3 == 0 ? 3 : r / 16 % 3, value.bytes);
	olap_vector_append_var(v, VARDATA(value.bytes),
						   VARSIZE(value.bytes) - VARHDRSZ);
}

/* -20 to 19 days, written in hours, days or with a month. */
static void
data_append_interval(OlapVector *v, uint64 r)
{
	int			days = (int) (r / 16 % 40) - 20;
	Interval	interval = {0};

	interval.month = r % 3 == 0 ? 1 : 0;
	interval.day = r % 3 == 0 ? days - 30 : r % 3 == 1 ? days : 0;
	interval.time = r % 3 == 2 ? days * USECS_PER_DAY : 0;
	olap_vector_append_fixed(v, (const char *) &interval);
}

static void
data_append(OlapVector *v, DataKind kind, uint64 r)
{
	static const char *const words[] = {"", "a", "ab", "abc ", "b",
		"a rather long word, longer than 16 bytes", "ab ", "a  ", "\xc3\xa4"};
	char		text[32];

	switch (kind)
	{
		case DATA_BOOL:
			olap_vector_append_bool(v, r % 2);
			break;
		case DATA_CHAR:
			olap_vector_append_datum(v, NULL, CharGetDatum((char) (r % 7 * 40)),
									 false);
			break;
		case DATA_I16:
			olap_vector_append_i16(v, (int16) (r % 3 == 0 ? r / 8 : r / 8 % 50));
			break;
		case DATA_SMALL:
			olap_vector_append_i32(v, (int32) (r % 30) - 10);
			break;
		case DATA_I32:
			olap_vector_append_i32(v, (int32) (r / 4 % 500) * 8589934 *
								   (r % 2 ? 1 : -1));
			break;
		case DATA_OID:
			olap_vector_append_i32(v, (int32) (PG_UINT32_MAX - r % 300));
			break;
		case DATA_BUCKETS:
			olap_vector_append_i64(v, (int64) (r % 24) * INT64CONST(3600000000));
			break;
		case DATA_I64:
			olap_vector_append_i64(v, r % 5 == 0 ? PG_INT64_MIN + (int64) (r / 8 % 3) :
								   r % 5 == 1 ? PG_INT64_MAX - (int64) (r / 8 % 3) :
								   (int64) (r / 8 % 9));
			break;
		case DATA_RANGE:
			olap_vector_append_i64(v, (int64) (r % 100000));
			break;
		case DATA_F32:
		case DATA_F64:
			{
				double		value = r % 9 == 0 ? NAN : r % 9 == 1 ? -0.0 :
					r % 9 == 2 ? 0.0 : (double) (r / 16 % 60) / 8 - 3;

				if (kind == DATA_F32)
					olap_vector_append_f32(v, (float) value);
				else
					olap_vector_append_f64(v, value);
				break;
			}
		case DATA_DECIMAL:
			olap_vector_append_i64(v, (int64) (r % 100) - 50);
			break;
		case DATA_NUMERIC:
			data_append_numeric(v, r);
			break;
		case DATA_INTERVAL:
			data_append_interval(v, r);
			break;
		case DATA_TEXT:
		case DATA_BPCHAR:
			olap_vector_append_var(v, words[r % lengthof(words)],
								   strlen(words[r % lengthof(words)]));
			break;
		case DATA_WORDS:
			snprintf(text, sizeof(text), "word %d", (int) (r % 3000));
			olap_vector_append_var(v, text, strlen(text));
			break;
		default:
			memset(text, 0, 16);
			text[3] = (char) (r % 50);
			text[15] = (char) (r / 64 % 3);
			olap_vector_append_fixed(v, text);
	}
}

/*
 * n rows.  shape: 0 random, 1 all of one value, 2 runs; codes: with a
 * dictionary.  Numerics alternate between vectors of scaled integers and of
 * varlenas.
 */
static OlapVector *
data_vector(const DataColumn *column, uint32 n, int shape, bool codes)
{
	OlapVector *v = palloc(sizeof(OlapVector));
	OlapVector *dict = palloc(sizeof(OlapVector));
	OlapColumnType type = column->type;
	uint32	   *code = palloc(n * sizeof(uint32));
	DataKind	kind = column->kind;
	uint64		r = unit_random();
	/* words: also more than are looked up at a time */
	uint32		entries = kind == DATA_WORDS && r / 8 % 2 ? 700 : 9;

	if (kind == DATA_NUMERIC && r % 3 != 0)
	{
		type.phys = OLAP_PHYS_DEC64;
		type.scale = r % 3;
		kind = DATA_DECIMAL;
	}
	else if (kind == DATA_NUMERIC)
	{
		type.phys = OLAP_PHYS_VAR;
		type.width = 4;
	}
	olap_vector_init(v, &type, n, CurrentMemoryContext);
	olap_vector_init(dict, &type, n, CurrentMemoryContext);
	for (uint32 i = 0; codes && i < entries; i++)
		data_append(dict, kind, i * (kind == DATA_WORDS ? 77 : 1));
	for (uint32 i = 0; i < n; i++)
	{
		if (i == 0 || shape == 0 || (shape == 2 && unit_random() % 50 == 0))
			r = unit_random() >> 3;
		code[i] = codes ? r % dict->n : 0;
		if (column->nulls && (r >> 40) % 6 == 0)
			olap_vector_append_null(v);
		else
			data_append(v, kind, codes ? code[i] * (kind == DATA_WORDS ? 77 : 1) : r);
	}
	if (codes)
	{
		v->codes = code;
		v->dict = dict;
	}
	return v;
}

/*
 * A form of row i that is equal for equal values; returns its length.  Numbers
 * of a numeric are given in units of 10 ^ -9.
 */
static int
data_canonical(const OlapVector *v, OlapOrder order, uint32 i, char *out)
{
	const uint8 *data;
	size_t		len;
	double		d;
	int64		word;

	out[0] = olap_vector_is_null(v, i) ? 0 : 1;
	if (out[0] == 0)
		return 1;
	switch (v->phys)
	{
		case OLAP_PHYS_VAR:
			data = (const uint8 *) v->heap + ((uint32 *) v->values)[i];
			len = VARSIZE(data) - VARHDRSZ;
			data += VARHDRSZ;
			break;
		case OLAP_PHYS_FIXED:
			data = (const uint8 *) v->values + i * v->width;
			len = v->width;
			break;
		case OLAP_PHYS_F32:
		case OLAP_PHYS_F64:
			d = v->phys == OLAP_PHYS_F32 ? ((float *) v->values)[i] :
				((double *) v->values)[i];
			d = isnan(d) ? 1e300 : d == 0 ? 0 : d;
			memcpy(out + 1, &d, 8);
			return 9;
		case OLAP_PHYS_DEC64:
			word = ((int64 *) v->values)[i];
			for (int s = v->scale; s < 9; s++)
				word *= 10;
			memcpy(out + 1, &word, 8);
			return 9;
		default:
			word = v->width == 1 ? ((int8 *) v->values)[i] :
				v->width == 2 ? ((int16 *) v->values)[i] :
				v->width == 4 ? ((int32 *) v->values)[i] :
				((int64 *) v->values)[i];
			memcpy(out + 1, &word, 8);
			return 9;
	}
	if (order == OLAP_ORDER_NUMERIC)
	{
		/* NaN is above every number */
		if (olap_numeric_floor(data, len, 9, &word) != OLAP_DECIMAL_EXACT)
			word = PG_INT64_MAX;
		memcpy(out + 1, &word, 8);
		return 9;
	}
	if (order == OLAP_ORDER_INTERVAL)
	{
		Interval	interval;

		memcpy(&interval, data, sizeof(interval));
		word = interval.time + (interval.month * 30 + interval.day) * USECS_PER_DAY;
		memcpy(out + 1, &word, 8);
		return 9;
	}
	while (order == OLAP_ORDER_BPCHAR && len > 0 && data[len - 1] == ' ')
		len--;
	memcpy(out + 1, data, len);
	return (int) len + 1;
}

#endif							/* GROUP_DATA_H */

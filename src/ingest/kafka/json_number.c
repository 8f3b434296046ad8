/*-------------------------------------------------------------------------
 *
 * json_number.c
 *		Integers, floats and decimals of a JSON message.
 *
 * Straight from the digits to the column's representation: a detour over double
 * would round what numeric and bigint hold exactly.
 *
 * src/ingest/kafka/json_number.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/kafka/json_int.h"
#include "ingest/kafka/number.h"

static bool
fail_number(OlapJsonDecoder *d, int col, const OlapJsonValue *value, const char *what,
			OlapNumberResult result)
{
	char		buffer[64];

	if (result == OLAP_NUMBER_SYNTAX)
		return olap_json_fail_syntax(d, col, value, what);
	if (result == OLAP_NUMBER_RANGE)
		return olap_json_fail_range(d, col, value, what);
	return olap_json_fail(d, "22P02", col,
						  "\"%s\" has a fraction, which %s cannot hold",
						  olap_json_shown(value, buffer), what);
}

bool
olap_json_append_integer(OlapJsonDecoder *d, int col,
						 const OlapJsonValue *value, OlapVector *v)
{
	OlapJsonKind kind = d->columns[col].kind;
	const char *what = kind == OLAP_JSON_I16 ? "smallint"
		: kind == OLAP_JSON_I32 ? "integer" : "bigint";
	OlapNumber	number;
	OlapNumberResult result = OLAP_NUMBER_SYNTAX;
	int64		n;

	if (olap_number_parse(value->text, value->len, &number))
		result = olap_number_scaled(&number, 0, true, &n);
	if (result != OLAP_NUMBER_OK)
		return fail_number(d, col, value, what, result);
	if ((kind == OLAP_JSON_I16 && n != (int16) n) ||
		(kind == OLAP_JSON_I32 && n != (int32) n))
		return olap_json_fail_range(d, col, value, what);
	if (kind == OLAP_JSON_I16)
		olap_vector_append_i16(v, (int16) n);
	else if (kind == OLAP_JSON_I32)
		olap_vector_append_i32(v, (int32) n);
	else
		olap_vector_append_i64(v, n);
	return true;
}

bool
olap_json_append_float(OlapJsonDecoder *d, int col, const OlapJsonValue *value,
					   OlapVector *v)
{
	bool		string = value->first == '"';
	bool		narrow = d->columns[col].kind == OLAP_JSON_F32;
	char		stack[128];
	char	   *room = stack;
	OlapNumberResult result;
	float		f4;
	double		f8;

	/* the value itself may be in the scratch buffer: do not reuse that */
	if (value->len >= sizeof(stack))
		room = palloc(value->len + 1);
	result = narrow
		? olap_number_float4(value->text, value->len, string, room, &f4)
		: olap_number_float8(value->text, value->len, string, room, &f8);
	if (room != stack)
		pfree(room);
	if (result != OLAP_NUMBER_OK)
		return fail_number(d, col, value, narrow ? "real" : "double precision",
						   result);
	if (narrow)
		olap_vector_append_f32(v, f4);
	else
		olap_vector_append_f64(v, f8);
	return true;
}

static void
append_decimal(OlapVector *v, int64 value, int scale)
{
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		int32		align;
	}			numeric;
	int			size = olap_decimal_from_i64(value, scale, numeric.bytes);

	olap_vector_append_var(v, numeric.bytes + VARHDRSZ, size - VARHDRSZ);
}

bool
olap_json_append_dec64(OlapJsonDecoder *d, int col, const OlapJsonValue *value,
					   OlapVector *v)
{
	static const int64 power[] = {
		INT64CONST(1), INT64CONST(10), INT64CONST(100), INT64CONST(1000),
		INT64CONST(10000), INT64CONST(100000), INT64CONST(1000000),
		INT64CONST(10000000), INT64CONST(100000000), INT64CONST(1000000000),
		INT64CONST(10000000000), INT64CONST(100000000000),
		INT64CONST(1000000000000), INT64CONST(10000000000000),
		INT64CONST(100000000000000), INT64CONST(1000000000000000),
		INT64CONST(10000000000000000), INT64CONST(100000000000000000),
		INT64CONST(1000000000000000000)
	};
	const OlapJsonColumn *column = &d->columns[col];
	OlapNumber	number;
	OlapNumberResult result;
	int64		n;

	/* NaN and what else numeric knows by name */
	if (!olap_number_parse(value->text, value->len, &number))
	{
		if (value->first != '"')
			return olap_json_fail_syntax(d, col, value, "numeric");
		return olap_json_append_input(d, col, value->text, value->len, v);
	}
	result = olap_number_scaled(&number, column->type.scale, false, &n);
	if (result == OLAP_NUMBER_RANGE || n >= power[column->precision] ||
		n <= -power[column->precision])
	{
		char		buffer[64];

		return olap_json_fail(d, "22003", col,
							  "\"%s\" overflows numeric(%d,%d)",
							  olap_json_shown(value, buffer), column->precision,
							  column->type.scale);
	}
	if (v->phys == OLAP_PHYS_DEC64)
		olap_vector_append_i64(v, n);
	else
		append_decimal(v, n, column->type.scale);
	return true;
}

/* numeric without a scale keeps the one it is written with. */
bool
olap_json_append_numeric(OlapJsonDecoder *d, int col,
						 const OlapJsonValue *value, OlapVector *v)
{
	OlapNumber	number;
	int64		n;

	if (d->columns[col].type.typmod < 0 &&
		olap_number_parse(value->text, value->len, &number) &&
		!number.has_exponent && number.ndigits <= 18 && number.nfraction <= 18 &&
		olap_number_scaled(&number, number.nfraction, true, &n) == OLAP_NUMBER_OK)
	{
		append_decimal(v, n, number.nfraction);
		return true;
	}
	return olap_json_append_input(d, col, value->text, value->len, v);
}

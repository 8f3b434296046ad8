/*
 * test/unit/test_agg.c
 *		Aggregate states against the plainest code that can be written for them,
 *		a row at a time.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "group_data.h"
#include "vector/agg.h"

#define GROUPS 300

/* Groups of the rows: one, few, or many; new ones appear as time goes by. */
static uint32
random_gids(uint32 *gids, uint32 n, int batch, int shape)
{
	uint32		limit = shape == 0 ? 1 : shape == 1 ? 5 : Min(GROUPS, 20 + batch * 40);

	for (uint32 i = 0; i < n; i++)
		gids[i] = unit_random() % limit;
	return limit;
}

/* Sums ---------------------------------------------------------------------- */

typedef struct NaiveSum
{
	int64		count;
	__int128	sum;			/* in units of 10 ^ -scale */
	__int128	squares;
	int			shown;			/* greatest scale */
} NaiveSum;

static int
shown_scale(const OlapVector *v, uint32 i)
{
	return v->phys == OLAP_PHYS_VAR ?
		olap_numeric_scale(v->heap + ((uint32 *) v->values)[i]) :
		v->phys == OLAP_PHYS_DEC64 ? v->scale : 0;
}

static __int128
scaled(const OlapVector *v, uint32 i, int scale)
{
	__int128	value;
	int64		word;

	if (v->phys == OLAP_PHYS_VAR)
	{
		const char *data = v->heap + ((uint32 *) v->values)[i];

		CHECK_INT(olap_numeric_floor((const uint8 *) VARDATA(data),
									 VARSIZE(data) - VARHDRSZ, scale, &word),
				  OLAP_DECIMAL_EXACT);
		return word;
	}
	value = v->width == 1 ? ((int8 *) v->values)[i] :
		v->width == 2 ? ((int16 *) v->values)[i] :
		v->width == 4 ? ((int32 *) v->values)[i] : ((int64 *) v->values)[i];
	for (int s = v->phys == OLAP_PHYS_DEC64 ? v->scale : scale; s < scale; s++)
		value *= 10;
	return value;
}

static bool
has_nan(const OlapVector *v)
{
	if (v->phys == OLAP_PHYS_VAR)
		for (uint32 i = 0; i < v->n; i++)
			if (!olap_vector_is_null(v, i) &&
				VARSIZE(v->heap + ((uint32 *) v->values)[i]) == VARHDRSZ + 2 &&
				*(uint16 *) VARDATA(v->heap + ((uint32 *) v->values)[i]) == 0xC000)
				return true;
	return false;
}

static void
check_sums(DataKind kind, bool nulls, int shape, bool squares)
{
	DataColumn	column = data_column(kind, nulls);
	int			scale = column.order == OLAP_ORDER_NUMERIC ? 3 : 0;
	NaiveSum   *naive = palloc0(GROUPS * sizeof(NaiveSum));
	OlapAgg    *agg = olap_agg_create(squares ? OLAP_AGG_SUM_SQUARES_INT :
									  OLAP_AGG_SUM_INT, &column.type,
									  column.order, CurrentMemoryContext);
	uint32		wrong = 0;

	olap_agg_grow(agg, 1);
	for (int batch = 0; batch < 12; batch++)
	{
		uint32		n = 1 + unit_random() % OLAP_VECTOR_ROWS;
		OlapVector *v = data_vector(&column, n, 0, false);
		uint32		gids[OLAP_VECTOR_ROWS];
		uint32		one = batch % 3 == 0 ? unit_random() % 4 : PG_UINT32_MAX;
		uint32		limit = random_gids(gids, n, batch, shape);
		bool		good;

		olap_agg_grow(agg, Max(limit, 4));
		if (one != PG_UINT32_MAX)
			good = olap_agg_update_one(agg, one, v, n);
		else
			good = olap_agg_update(agg, gids, v, n);
		if (!good)
		{
			CHECK(has_nan(v) || squares);
			continue;
		}
		CHECK(!has_nan(v));
		for (uint32 i = 0; i < n; i++)
		{
			NaiveSum   *sum = &naive[one != PG_UINT32_MAX ? one : gids[i]];
			__int128	value;

			if (olap_vector_is_null(v, i))
				continue;
			value = scaled(v, i, scale);
			sum->count++;
			sum->sum += value;
			sum->squares += value * value;
			sum->shown = Max(sum->shown, shown_scale(v, i));
		}
	}
	olap_agg_grow(agg, GROUPS);
	for (uint32 g = 0; g < GROUPS; g++)
	{
		OlapAggValue value;

		olap_agg_get(agg, g, &value);
		/* a group's sum has the greatest scale of its own values */
		for (int s = value.scale; s < scale; s++)
		{
			value.sum *= 10;
			value.squares *= 100;
		}
		wrong += value.count != naive[g].count || value.sum != naive[g].sum ||
			(squares && value.squares != naive[g].squares) ||
			(value.count > 0 && value.scale != naive[g].shown);
	}
	CHECK_INT(wrong, 0);
	olap_agg_free(agg);
}

/* Sums of every integer and decimal, 64 bits or more, squared or not. */
static void
sums(void)
{
	static const DataKind kinds[] = {DATA_I16, DATA_SMALL, DATA_I32,
	DATA_BUCKETS, DATA_I64, DATA_RANGE, DATA_DECIMAL, DATA_NUMERIC};

	for (int k = 0; k < lengthof(kinds); k++)
		for (int variant = 0; variant < 12; variant++)
			check_sums(kinds[k], variant & 1, variant / 2 % 3, variant / 6);
}

/* Squares that 128 bits cannot hold are refused, and nothing is changed. */
/* So many groups that arrays are copied to large pages as they grow (base/large.h). */
static void
states_of_many_groups(void)
{
	OlapAgg    *agg = olap_agg_create(OLAP_AGG_COUNT, NULL, OLAP_ORDER_INT,
									  CurrentMemoryContext);
	uint32		ngroups = 1200000;
	uint32		wrong = 0;

	for (uint32 g = 0; g < ngroups; g++)
	{
		olap_agg_grow(agg, g + 1);
		olap_agg_count_rows(agg, g, g % 5 + 1);
	}
	for (uint32 g = 0; g < ngroups; g++)
	{
		OlapAggValue value;

		olap_agg_get(agg, g, &value);
		wrong += value.count != g % 5 + 1;
	}
	CHECK_INT(wrong, 0);
}

static void
squares_too_large(void)
{
	DataColumn	column = data_column(DATA_I64, false);
	OlapAgg    *agg = olap_agg_create(OLAP_AGG_SUM_SQUARES_INT, &column.type,
									  column.order, CurrentMemoryContext);
	OlapVector	v;
	OlapAggValue value;

	olap_vector_init(&v, &column.type, 1, CurrentMemoryContext);
	olap_agg_grow(agg, 1);
	olap_vector_append_i64(&v, 1000);
	CHECK(olap_agg_update(agg, NULL, &v, 1));
	olap_vector_append_i64(&v, PG_INT64_MIN);
	CHECK(!olap_agg_update(agg, NULL, &v, 2));
	olap_agg_get(agg, 0, &value);
	CHECK_INT(value.count, 1);
	CHECK_INT(value.sum, 1000);
	CHECK_INT(value.squares, 1000000);
}

/*
 * Words of averages do not contradict the exact quotients, wherever they lie: sums of
 * few bits, those that no double is, and those beyond 64 bits, close to each other.
 */
static void
means(void)
{
	static const int64 bases[] = {0, 7, 10000, (INT64CONST(1) << 53) + 1,
	(INT64CONST(1) << 61) + 256, PG_INT64_MAX - 100, PG_INT64_MIN, -12};
	DataColumn	column = data_column(DATA_I64, false);
	int64		words[GROUPS];
	uint8		nulls[GROUPS];
	uint32		wrong = 0;

	for (int b = 0; b < lengthof(bases); b++)
	{
		NaiveSum	naive[GROUPS] = {0};
		OlapAgg    *agg = olap_agg_create(OLAP_AGG_SUM_INT, &column.type,
										  column.order, CurrentMemoryContext);

		olap_agg_grow(agg, GROUPS);
		for (uint32 g = 1; g < GROUPS; g++)
		{
			OlapVector	v;

			olap_vector_init(&v, &column.type, 40, CurrentMemoryContext);
			for (int i = unit_random() % 40; i >= 0; i--)
			{
				int64		value = bases[b] + unit_random() % (b % 2 ? 3 : 90);

				olap_vector_append_i64(&v, value);
				naive[g].count++;
				naive[g].sum += value;
			}
			CHECK(olap_agg_update_one(agg, g, &v, v.n));
		}
		CHECK(olap_agg_order_words(agg, OLAP_WORDS_OF_MEAN, 0, GROUPS, words, nulls));
		CHECK(nulls[0] && !nulls[1]);
		for (uint32 g = 1; g < GROUPS; g++)
			for (uint32 h = 1; h < GROUPS; h++)
				wrong += words[g] < words[h] &&
					naive[g].sum * naive[h].count >= naive[h].sum * naive[g].count;
		olap_agg_free(agg);
	}
	CHECK_INT(wrong, 0);
}

static void
counts(void)
{
	DataColumn	column = data_column(DATA_I32, true);
	OlapAgg    *stars = olap_agg_create(OLAP_AGG_COUNT, NULL, OLAP_ORDER_INT,
										CurrentMemoryContext);
	OlapAgg    *values = olap_agg_create(OLAP_AGG_COUNT, &column.type,
										 OLAP_ORDER_INT, CurrentMemoryContext);
	int64		all[GROUPS] = {0};
	int64		some[GROUPS] = {0};
	uint32		wrong = 0;

	for (int batch = 0; batch < 30; batch++)
	{
		uint32		n = 1 + unit_random() % OLAP_VECTOR_ROWS;
		OlapVector *v = data_vector(&column, n, 0, false);
		uint32		gids[OLAP_VECTOR_ROWS];
		uint32		limit = random_gids(gids, n, batch, batch % 3);

		olap_agg_grow(stars, limit);
		olap_agg_grow(values, limit);
		if (batch % 3 == 0)
		{
			olap_agg_update_one(stars, 0, NULL, n);
			olap_agg_update_one(values, 0, v, n);
		}
		else
		{
			olap_agg_update(stars, gids, NULL, n);
			olap_agg_update(values, gids, v, n);
		}
		for (uint32 i = 0; i < n; i++)
		{
			all[gids[i]]++;
			some[gids[i]] += !olap_vector_is_null(v, i);
		}
	}
	olap_agg_grow(stars, GROUPS);
	olap_agg_grow(values, GROUPS);
	for (uint32 g = 0; g < GROUPS; g++)
	{
		OlapAggValue value;

		olap_agg_get(stars, g, &value);
		wrong += value.count != all[g];
		olap_agg_get(values, g, &value);
		wrong += value.count != some[g];
	}
	CHECK_INT(wrong, 0);
}

/* Floats -------------------------------------------------------------------- */

static double
float_at(const OlapVector *v, uint32 i)
{
	return v->phys == OLAP_PHYS_F32 ? ((float *) v->values)[i] :
		((double *) v->values)[i];
}

static bool
same_double(double a, double b)
{
	return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0;
}

/* Values whose sum depends on the order, and without NaN for the most part. */
static void
fill_floats(OlapVector *v, bool nan)
{
	for (uint32 i = 0; i < v->n; i++)
	{
		double		value = (double) (int64) unit_random() / 1e17 *
			(unit_random() % 3 == 0 ? 1e8 : 1);

		if (nan && unit_random() % 500 == 0)
			value = unit_random() % 2 ? NAN : INFINITY;
		if (v->phys == OLAP_PHYS_F32)
			((float *) v->values)[i] = (float) value;
		else
			((double *) v->values)[i] = value;
	}
}

static void
check_floats(DataKind kind, bool nulls, int shape, bool nan)
{
	DataColumn	column = data_column(kind, nulls);
	OlapAgg    *sum = olap_agg_create(OLAP_AGG_SUM_FLOAT, &column.type,
									  column.order, CurrentMemoryContext);
	OlapAgg    *moments = olap_agg_create(OLAP_AGG_MOMENTS_FLOAT, &column.type,
										  column.order, CurrentMemoryContext);
	double		sums[GROUPS];
	float		singles[GROUPS];
	double		naive[GROUPS][3] = {{0}};
	int64		counts[GROUPS] = {0};
	uint32		wrong = 0;

	for (int batch = 0; batch < 10; batch++)
	{
		uint32		n = 1 + unit_random() % OLAP_VECTOR_ROWS;
		OlapVector *v = data_vector(&column, n, 0, false);
		uint32		gids[OLAP_VECTOR_ROWS];
		uint32		limit = random_gids(gids, n, batch, shape);

		fill_floats(v, nan);
		olap_agg_grow(sum, limit);
		olap_agg_grow(moments, limit);
		olap_agg_update(sum, shape == 0 ? NULL : gids, v, n);
		olap_agg_update(moments, shape == 0 ? NULL : gids, v, n);
		for (uint32 i = 0; i < n; i++)
		{
			uint32		g = gids[i];
			double		x = float_at(v, i);

			if (olap_vector_is_null(v, i))
				continue;
			sums[g] = counts[g] == 0 ? x : sums[g] + x;
			singles[g] = counts[g] == 0 ? (float) x : singles[g] + (float) x;
			counts[g]++;
			/* float8_accum, without its errors */
			naive[g][0] += 1;
			naive[g][1] += x;
			if (naive[g][0] > 1)
			{
				double		tmp = x * naive[g][0] - naive[g][1];

				naive[g][2] += tmp * tmp / (naive[g][0] * (naive[g][0] - 1));
				if (isinf(naive[g][1]) || isinf(naive[g][2]))
					naive[g][2] = NAN;
			}
			else if (isnan(x) || isinf(x))
				naive[g][2] = NAN;
		}
	}
	olap_agg_grow(sum, GROUPS);
	olap_agg_grow(moments, GROUPS);
	for (uint32 g = 0; g < GROUPS; g++)
	{
		OlapAggValue value;

		olap_agg_get(sum, g, &value);
		wrong += value.count != counts[g] || (counts[g] > 0 &&
			!same_double(value.f[0], kind == DATA_F32 ? singles[g] : sums[g]));
		olap_agg_get(moments, g, &value);
		wrong += value.count != counts[g] ||
			!same_double(value.f[0], naive[g][1]) ||
			!same_double(value.f[1], naive[g][2]);
	}
	CHECK_INT(wrong, 0);
	olap_agg_free(sum);
	olap_agg_free(moments);
}

/* To the last bit as one addition after the other gives it. */
static void
floats(void)
{
	for (int variant = 0; variant < 24; variant++)
		check_floats(variant & 1 ? DATA_F32 : DATA_F64, variant & 2,
					 variant / 8, variant & 4);
}

static bool
float_update(OlapAggKind kind, DataKind data, const double *values, uint32 n,
			 OlapAggValue *value, bool spread)
{
	DataColumn	column = data_column(data, false);
	OlapAgg    *agg = olap_agg_create(kind, &column.type, column.order,
									  CurrentMemoryContext);
	OlapVector	v;
	uint32		gids[8] = {1, 1, 1, 1, 1, 1, 1, 1};

	olap_vector_init(&v, &column.type, n, CurrentMemoryContext);
	for (uint32 i = 0; i < n; i++)
		if (data == DATA_F32)
			olap_vector_append_f32(&v, (float) values[i]);
		else
			olap_vector_append_f64(&v, values[i]);
	olap_agg_grow(agg, 2);
	if (spread)
		olap_agg_update(agg, gids, &v, n);
	else
		olap_agg_update_one(agg, 1, &v, n);
	olap_agg_get(agg, 1, value);
	return true;
}

/* Infinity out of finite values is an error; from an infinity it is not. */
static void
float_overflow(void)
{
	static const double over[] = {1e308, 1e308};
	static const double single[] = {3e38, 3e38};
	static const double infinite[] = {1.0, INFINITY, 1e308};
	static const double squares[] = {1e200, -1e200};
	static const double zero[] = {-0.0, -0.0};
	OlapAggValue value;

	for (volatile int spread = 0; spread < 2; spread++)
	{
		CHECK_ERROR(float_update(OLAP_AGG_SUM_FLOAT, DATA_F64, over, 2, &value, spread),
					"value out of range: overflow");
		CHECK_INT(unit_last_sqlstate(), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
		CHECK_ERROR(float_update(OLAP_AGG_MOMENTS_FLOAT, DATA_F64, over, 2, &value, spread),
					"value out of range: overflow");
		CHECK_ERROR(float_update(OLAP_AGG_SUM_FLOAT, DATA_F32, single, 2, &value, spread),
					"value out of range: overflow");
		CHECK_ERROR(float_update(OLAP_AGG_MOMENTS_FLOAT, DATA_F64, squares, 2, &value, spread),
					"value out of range: overflow");
		CHECK(float_update(OLAP_AGG_SUM_FLOAT, DATA_F64, infinite, 3, &value, spread));
		CHECK(isinf(value.f[0]));
		CHECK(float_update(OLAP_AGG_MOMENTS_FLOAT, DATA_F64, infinite, 3, &value, spread));
		CHECK(isinf(value.f[0]) && isnan(value.f[1]));
		CHECK(float_update(OLAP_AGG_SUM_FLOAT, DATA_F64, zero, 2, &value, spread));
		CHECK(signbit(value.f[0]));
		/* float8_accum starts with 0 */
		CHECK(float_update(OLAP_AGG_MOMENTS_FLOAT, DATA_F64, zero, 2, &value, spread));
		CHECK(!signbit(value.f[0]));
	}
}

/* Values -------------------------------------------------------------------- */

/* Order of rows of two vectors as the server has it. */
static int
naive_order(const DataColumn *column, const OlapVector *a, uint32 i,
			const OlapVector *b, uint32 j)
{
	char		x[80];
	char		y[80];
	int			xlen = data_canonical(a, column->order, i, x) - 1;
	int			ylen = data_canonical(b, column->order, j, y) - 1;
	int64		p;
	int64		q;
	int			order;

	if (column->order == OLAP_ORDER_BYTES || column->order == OLAP_ORDER_BPCHAR)
	{
		order = memcmp(x + 1, y + 1, Min(xlen, ylen));
		return order != 0 ? order : xlen - ylen;
	}
	memcpy(&p, x + 1, 8);
	memcpy(&q, y + 1, 8);
	if (column->order == OLAP_ORDER_UINT)
		return (uint64) p < (uint64) q ? -1 : p != q;
	if (column->order == OLAP_ORDER_FLOAT)
	{
		double		d;
		double		e;

		memcpy(&d, x + 1, 8);
		memcpy(&e, y + 1, 8);
		return d < e ? -1 : d > e;
	}
	return p < q ? -1 : p > q;
}

/* Is value the one of row i, to the last byte? */
static bool
is_value(const OlapAggValue *value, const OlapVector *v, uint32 i)
{
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint32		align;
	}			scratch;

	if (value->phys == OLAP_PHYS_VAR && (v->phys == OLAP_PHYS_VAR || v->phys == OLAP_PHYS_DEC64))
	{
		Pointer		p = DatumGetPointer(olap_vector_datum(v, i, scratch.bytes));

		return value->len == VARSIZE(p) - VARHDRSZ &&
			memcmp(value->data, VARDATA(p), value->len) == 0;
	}
	if (value->phys != v->phys)
		return false;
	switch (v->phys)
	{
		case OLAP_PHYS_FIXED:
			return value->len == v->width &&
				memcmp(value->data, (char *) v->values + i * v->width, v->width) == 0;
		case OLAP_PHYS_F32:
		case OLAP_PHYS_F64:
			return same_double(value->f[0], float_at(v, i));
		case OLAP_PHYS_DEC64:
			return value->scale == v->scale && value->i == ((int64 *) v->values)[i];
		case OLAP_PHYS_BOOL:
			return value->i == ((uint8 *) v->values)[i];
		default:
			/* unsigned ones may be given either way */
			return v->width == 1 ? (int8) value->i == ((int8 *) v->values)[i] :
				v->width == 2 ? value->i == ((int16 *) v->values)[i] :
				v->width == 4 ? (int32) value->i == ((int32 *) v->values)[i] :
				value->i == ((int64 *) v->values)[i];
	}
}

typedef struct NaiveValue
{
	OlapVector *v;
	uint32		row;
} NaiveValue;

static void
naive_value(NaiveValue *state, OlapAggKind kind, const DataColumn *column,
			OlapVector *v, uint32 i)
{
	bool		keeps = column->order == OLAP_ORDER_BPCHAR;
	int			order;

	if (olap_vector_is_null(v, i) || (state->v != NULL && kind == OLAP_AGG_FIRST))
		return;
	if (state->v != NULL)
	{
		order = naive_order(column, v, i, state->v, state->row);
		if (kind == OLAP_AGG_MIN || kind == OLAP_AGG_BOOL_AND)
			order = -order;
		if (order < 0 || (order == 0 && keeps))
			return;
	}
	state->v = v;
	state->row = i;
}

static void
check_values(OlapAggKind kind, DataKind data, bool nulls, int shape, bool codes)
{
	DataColumn	column = data_column(data, nulls);
	OlapAgg    *agg = olap_agg_create(kind, &column.type, column.order,
									  CurrentMemoryContext);
	NaiveValue	naive[GROUPS] = {{0}};
	uint32		wrong = 0;

	for (int round = 0; round < 2; round++)
	{
		memset(naive, 0, sizeof(naive));
		for (int batch = 0; batch < 8; batch++)
		{
			uint32		n = 1 + unit_random() % (batch % 2 ? 50 : OLAP_VECTOR_ROWS);
			OlapVector *v = data_vector(&column, n, 0, codes);
			uint32		gids[OLAP_VECTOR_ROWS];

			olap_agg_grow(agg, random_gids(gids, n, batch, shape));
			if (shape == 0)
				olap_agg_update_one(agg, 0, v, n);
			else
				olap_agg_update(agg, gids, v, n);
			for (uint32 i = 0; i < n; i++)
				naive_value(&naive[gids[i]], kind, &column, v, i);
		}
		olap_agg_grow(agg, GROUPS);
		for (uint32 g = 0; g < GROUPS; g++)
		{
			OlapAggValue value;

			olap_agg_get(agg, g, &value);
			wrong += (value.count > 0) != (naive[g].v != NULL) ||
				(naive[g].v != NULL && !is_value(&value, naive[g].v, naive[g].row));
		}
		CHECK_INT(wrong, 0);
		olap_agg_reset(agg);
	}
	olap_agg_free(agg);
}

/* MIN, MAX and FIRST of every type; which of equal values is shown. */
static void
values(void)
{
	static const OlapAggKind kinds[] = {OLAP_AGG_MIN, OLAP_AGG_MAX, OLAP_AGG_FIRST};

	/* the order of intervals is one of groups: their least is the server's */
	for (int data = 0; data < DATA_INTERVAL; data++)
		for (int k = 0; k < 3; k++)
			for (int variant = 0; variant < 12; variant++)
				check_values(kinds[k], data, variant & 1, variant / 4, variant & 2);
}

static void
bools(void)
{
	for (int variant = 0; variant < 12; variant++)
		check_values(variant & 1 ? OLAP_AGG_BOOL_AND : OLAP_AGG_BOOL_OR, DATA_BOOL,
					 variant & 2, variant / 4, false);
}

/* First and last by time ----------------------------------------------------- */

typedef struct NaiveTime
{
	bool		timed;
	int64		time;
	bool		isnull;
	NaiveValue	value;
} NaiveTime;

/* Times of few kinds, so that there are ties, and NULLs now and then. */
static OlapVector *
times_vector(uint32 n, bool nulls, int batch)
{
	static const OlapColumnType type = {.typid = INT8OID, .typlen = 8, .typbyval = true,
	.typalign = 'd', .phys = OLAP_PHYS_I64, .width = 8};
	OlapVector *v = palloc(sizeof(OlapVector));

	olap_vector_init(v, &type, n, CurrentMemoryContext);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		r = unit_random();

		if (nulls && (r % 3 == 0 || batch == 0))
			olap_vector_append_null(v);
		else if (r % 1000 < 2)
			olap_vector_append_i64(v, r % 1000 == 0 ? PG_INT64_MIN : PG_INT64_MAX);
		else
			olap_vector_append_i64(v, (int64) (r % 50) - 25 + batch * 5);
	}
	return v;
}

/* Of equal times the first row wins; reversed, that of the vector given last. */
static void
naive_time(NaiveTime *state, bool last, bool later, int64 time, OlapVector *v, uint32 i)
{
	if (state->timed && (last ? time < state->time : time > state->time))
		return;
	if (state->timed && time == state->time && !later)
		return;
	state->timed = true;
	state->time = time;
	state->isnull = olap_vector_is_null(v, i);
	state->value.v = v;
	state->value.row = i;
}

/* Wins and values of one vector; positions may be those of a wider one. */
static void
take_times(OlapAgg *agg, const uint32 *gids, const OlapVector *times, const OlapVector *v,
		   uint32 n)
{
	const uint16 *rows;
	uint32		winners = olap_agg_contest(agg, gids, 0, times, n, &rows);

	for (uint32 i = 1; i < winners; i++)
		CHECK(rows[i - 1] < rows[i]);
	if (winners > 0)
		olap_agg_settle(agg, v, rows);
}

static uint32
wrong_times(const OlapAgg *agg, const NaiveTime *naive)
{
	uint32		wrong = 0;

	for (uint32 g = 0; g < GROUPS; g++)
	{
		OlapAggValue value;

		olap_agg_get(agg, g, &value);
		wrong += value.timed != naive[g].timed;
		if (!naive[g].timed)
			continue;
		wrong += value.time != naive[g].time || (value.count == 0) != naive[g].isnull;
		if (!naive[g].isnull)
			wrong += !is_value(&value, naive[g].value.v, naive[g].value.row);
	}
	return wrong;
}

static void
check_by_time(bool last, DataKind data, bool nulls, int shape, bool reversed)
{
	DataColumn	column = data_column(data, nulls);
	OlapAgg    *agg = olap_agg_create(last ? OLAP_AGG_LAST_BY : OLAP_AGG_FIRST_BY,
									  &column.type, OLAP_ORDER_INT,
									  CurrentMemoryContext);
	NaiveTime	naive[GROUPS];

	for (int round = 0; round < 2; round++)
	{
		memset(naive, 0, sizeof(naive));
		for (int batch = 0; batch < 8; batch++)
		{
			uint32		n = 1 + unit_random() % (batch % 2 ? 50 : OLAP_VECTOR_ROWS);
			OlapVector *v = data_vector(&column, n, 0, batch & 1);
			OlapVector *times = times_vector(n, nulls, batch);
			uint32		gids[OLAP_VECTOR_ROWS];
			bool		met[GROUPS] = {0};

			olap_agg_grow(agg, random_gids(gids, n, batch, shape));
			if (reversed && batch == 0 && round == 0)
				olap_agg_reverse(agg);
			for (uint32 i = 0; i < n; i++)
			{
				NaiveTime  *state = &naive[gids[i]];
				int64		time = ((int64 *) times->values)[i];

				if (olap_vector_is_null(times, i))
					continue;
				if (shape == 0 && i == 0)
					CHECK_INT(olap_agg_time_wins(agg, 0, time),
							  !state->timed || (last ? time > state->time : time < state->time) ||
							  (reversed && time == state->time));
				naive_time(state, last, reversed && !met[gids[i]], time, v, i);
				met[gids[i]] |= state->value.v == v;
			}
			take_times(agg, shape == 0 ? NULL : gids, times, v, n);
		}
		olap_agg_grow(agg, GROUPS);
		CHECK_INT(wrong_times(agg, naive), 0);
		olap_agg_reset(agg);
	}
	olap_agg_free(agg);
}

/* Every type of value, with one group and many; without groups, in reverse, too. */
static void
by_time(void)
{
	for (int data = 0; data < DATA_KINDS; data++)
		for (int variant = 0; variant < 12; variant++)
			check_by_time(variant & 1, data, variant & 2, variant / 4, false);
	for (int variant = 0; variant < 40; variant++)
		check_by_time(variant & 1, DATA_TEXT, variant & 2, 0, true);
}

int
main(void)
{
	RUN(counts);
	RUN(sums);
	RUN(states_of_many_groups);
	RUN(squares_too_large);
	RUN(means);
	RUN(floats);
	RUN(float_overflow);
	RUN(values);
	RUN(bools);
	RUN(by_time);
	return DONE();
}

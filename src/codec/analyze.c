/*-------------------------------------------------------------------------
 *
 * analyze.c
 *		What a chunk's values look like, at the price of a sample.
 *
 * Runs are counted exactly (one pass, vectorized); bits a value come from
 * fitting the first, the middle and the last vector; distinct values are
 * estimated from a sample of rows.
 *
 * Source: the estimator is GEE of Charikar, Chaudhuri, Motwani & Narasayya
 * 2000, "Towards estimation error guarantees for distinct values".
 *
 * src/codec/analyze.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "codec/codec_internal.h"

#define SAMPLE_FIXED 2048
#define SAMPLE_VAR 4096
#define SAMPLE_SLOTS 8192

#define COUNT_RUNS(bits) \
OLAP_KERNEL static uint32 \
count_runs_##bits(const uint##bits *values, uint32 n) \
{ \
	uint32		runs = 1; \
\
	for (uint32 i = 1; i < n; i++) \
		runs += values[i] != values[i - 1]; \
	return runs; \
}

COUNT_RUNS(8)
COUNT_RUNS(16)
COUNT_RUNS(32)
COUNT_RUNS(64)

static uint32
count_runs(const OlapVector *v)
{
	const char *values = v->values;
	uint32		runs = 1;

	switch (v->width)
	{
		case 1:
			return count_runs_8(v->values, v->n);
		case 2:
			return count_runs_16(v->values, v->n);
		case 4:
			return count_runs_32(v->values, v->n);
		case 8:
			return count_runs_64(v->values, v->n);
		default:
			for (uint32 i = 1; i < v->n; i++)
				runs += memcmp(values + (size_t) i * v->width,
							   values + (size_t) (i - 1) * v->width,
							   v->width) != 0;
			return runs;
	}
}

/* 1 if all varlenas are equal, else the number of rows. */
static uint32
count_var_runs(const OlapVector *v)
{
	const uint32 *offsets = v->values;
	const char *first = v->heap + offsets[0];

	for (uint32 i = 1; i < v->n; i++)
		if (offsets[i] != offsets[0] &&
			(VARSIZE(v->heap + offsets[i]) != VARSIZE(first) ||
			 memcmp(v->heap + offsets[i], first, VARSIZE(first)) != 0))
			return v->n;
	return 1;
}

static inline uint64
hash_row(const OlapVector *v, uint32 row)
{
	const uint8 *value = (const uint8 *) v->values + (size_t) row * v->width;

	if (v->phys == OLAP_PHYS_VAR)
	{
		const char *p = v->heap + ((const uint32 *) v->values)[row];

		return olap_hash_bytes((const uint8 *) VARDATA(p),
							   VARSIZE(p) - VARHDRSZ);
	}
	return olap_hash_bytes(value, v->width);
}

/* What values seen more than once in a sample of m add to the entropy. */
static double
seen_entropy(const uint16 *counts, uint32 m)
{
	double		bits = 0;

	for (uint32 slot = 0; slot < SAMPLE_SLOTS; slot++)
		if (counts[slot] > 1)
			bits += (double) counts[slot] / m * log2((double) m / counts[slot]);
	return bits;
}

/*
 * Distinct values among all rows, and the entropy of a row's value.  GEE counts
 * each value seen once in a sample of m rows as sqrt(n / m) values; a sample
 * with hardly any repetition says that most rows are distinct, which GEE cannot.
 * Of the entropy, values seen once are taken to stand for all the rest alike.
 */
static void
estimate_distinct(OlapAnalysis *a)
{
	const OlapVector *v = a->v;
	uint32		m = Min(v->n, v->phys == OLAP_PHYS_VAR ? SAMPLE_VAR
						: SAMPLE_FIXED);
	uint64	   *slots = palloc0(SAMPLE_SLOTS * sizeof(uint64));
	uint16	   *counts = palloc0(SAMPLE_SLOTS * sizeof(uint16));
	uint32		distinct = 0;
	uint32		once = 0;
	double		gee;
	double		floor;

	for (uint32 k = 0; k < m; k++)
	{
		uint32		row = (uint32) ((uint64) k * v->n / m);
		uint64		hash = hash_row(v, row) | 1;
		uint32		slot = (uint32) (hash >> 32) % SAMPLE_SLOTS;

		while (slots[slot] != 0 && slots[slot] != hash)
			slot = (slot + 1) % SAMPLE_SLOTS;
		slots[slot] = hash;
		counts[slot]++;
		distinct += counts[slot] == 1;
		once += counts[slot] == 1;
		once -= counts[slot] == 2;
	}
	a->distinct = distinct;
	if (m < v->n)
	{
		gee = once * sqrt((double) v->n / m) + (distinct - once);
		floor = v->n * (2.0 * distinct / m - 1);
		a->distinct = Min(Max(gee, floor), v->n);
	}
	a->entropy = seen_entropy(counts, m);
	if (once > 0)
		a->entropy += (double) once / m *
			log2((a->distinct - (distinct - once)) * m / once);
	pfree(slots);
	pfree(counts);
}

/* Estimate the bits a value that frames and deltas take. */
static void
sample_frames(OlapAnalysis *a)
{
	uint32		nvec = olap_vector_count(a->n);
	uint32		picks[3] = {0, nvec / 2, nvec - 1};
	double		for_bytes = 0;
	double		delta_bytes = 0;
	double		rows = 0;

	for (int k = 0; k < 3; k++)
	{
		uint32		n = olap_vector_rows_of(a->n, picks[k]);
		int64		values[OLAP_VECTOR_ROWS];
		OlapFrame	frame;

		/* the last vector only speaks for all if it is long, or alone */
		if (k > 0 && (picks[k] == picks[k - 1] || n < OLAP_VECTOR_ROWS / 4))
			continue;
		olap_load_integers(a->v, picks[k] * OLAP_VECTOR_ROWS, n, values);
		olap_frame_fit(&frame, values, n, true);
		for_bytes += (double) frame.size + 4;
		rows += n;
		delta_bytes += 12;
		if (n == 1)
			continue;
		for (uint32 i = 0; i + 1 < n; i++)
			values[i] = (int64) ((uint64) values[i + 1] - (uint64) values[i]);
		olap_frame_fit(&frame, values, n - 1, false);
		delta_bytes += (double) frame.size;
	}
	a->for_bits = for_bytes * 8 / rows;
	a->delta_bits = delta_bytes * 8 / rows;
}

static void
sample_decimals(OlapAnalysis *a)
{
	uint32		vecno = olap_vector_count(a->n) / 2;
	uint32		n = olap_vector_rows_of(a->n, vecno);
	int64		wholes[OLAP_VECTOR_ROWS];
	uint16		odd[OLAP_VECTOR_ROWS];
	OlapFrame	frame;
	uint32		nodd;

	a->exponent = olap_alp_exponent(a->v);
	if (a->exponent < 0)
		return;
	nodd = olap_alp_encode(a->v, vecno * OLAP_VECTOR_ROWS, n, a->exponent,
						   wholes, odd);
	olap_frame_fit(&frame, wholes, n, false);
	a->alp_bits = 8.0 * (double) (frame.size + 8 +
								  nodd * (sizeof(uint16) + a->v->width)) / n;
}

void
olap_analyze(OlapAnalysis *a, const OlapVector *v, const uint64 *valid,
			 int depth)
{
	memset(a, 0, sizeof(OlapAnalysis));
	a->v = v;
	a->valid = valid;
	a->depth = depth;
	a->n = v->n;
	a->for_bits = a->delta_bits = a->alp_bits = INFINITY;
	if (v->phys == OLAP_PHYS_VAR)
	{
		const uint32 *offsets = v->values;

		for (uint32 i = 0; i < v->n; i++)
			a->raw_bytes += VARSIZE(v->heap + offsets[i]);
		a->runs = count_var_runs(v);
	}
	else
	{
		a->raw_bytes = (uint64) v->n * v->width;
		a->runs = count_runs(v);
	}
	if (a->runs == 1)
		return;
	if (depth == OLAP_DEPTH_COLUMN)
		estimate_distinct(a);
	if (olap_phys_is_integer(v->phys))
		sample_frames(a);
	else if (olap_phys_is_float(v->phys))
		sample_decimals(a);
}

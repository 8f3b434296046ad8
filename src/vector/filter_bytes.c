/*-------------------------------------------------------------------------
 *
 * filter_bytes.c
 *		Tests of byte strings against constants.
 *
 * Row by row over the live rows, or once an entry of the dictionary if that is
 * less work. Answers are kept until the dictionary changes.
 *
 * src/vector/filter_bytes.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/varlena.h"
#include "vector/expr_kernels.h"
#include "vector/filter_internal.h"

/* A dictionary of at most this many entries is always answered whole. */
#define SMALL_DICT 256

/* Apply a byte test to the rows of v that mask leaves; no NULL among them. */
static void
test_rows(const OlapExpr *expr, const OlapVector *v, uint8 *mask, uint32 n)
{
	OlapByteTest test = expr->state->test;
	uint8		flip = expr->kind != OLAP_EXPR_COMPARE && expr->negated;

	if (v->phys == OLAP_PHYS_VAR)
	{
		const uint32 *offsets = v->values;

		for (uint32 i = 0; i < n; i++)
		{
			const char *value;

			if (!mask[i])
				continue;
			value = v->heap + offsets[i];
			mask[i] = (uint8) test(expr, (const uint8 *) VARDATA(value),
								   VARSIZE(value) - VARHDRSZ) ^ flip;
		}
	}
	else if (v->phys == OLAP_PHYS_FIXED)
	{
		const uint8 *values = v->values;

		for (uint32 i = 0; i < n; i++)
			if (mask[i])
				mask[i] = (uint8) test(expr, values + (size_t) i * v->width,
									   v->width) ^ flip;
	}
	else
		olap_filter_unexpected(v);
}

/* The same through the dictionary, row by row: v may have no values. */
static void
test_coded_rows(const OlapExpr *expr, const OlapVector *v, uint8 *mask, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		OlapVector	entry = *v->dict;

		if (!mask[i])
			continue;
		entry.values = (char *) v->dict->values + (size_t) v->codes[i] * entry.width;
		test_rows(expr, &entry, mask + i, 1);
	}
}

static void
count_matches(OlapExprState *state, uint32 n)
{
	state->nmatches = 0;
	for (uint32 code = 0; code < n; code++)
		if (state->answers[code])
		{
			state->nmatches++;
			state->match = code;
		}
}

/*
 * Apply a byte test through the dictionary where that is less work: each
 * entry is tested once, then codes look their answer up.
 */
void
olap_filter_bytes(OlapFilter *filter, OlapExpr *expr, const OlapVector *v,
				  uint8 *mask, uint32 n)
{
	OlapExprState *state = expr->state;
	const OlapVector *dict = v->codes != NULL ? v->dict : NULL;

	if (dict == NULL || dict->n == 0 || dict->valid != NULL)
	{
		test_rows(expr, v, mask, n);
		return;
	}
	if (state->dict != dict || state->dict_place != filter->place)
	{
		if (dict->n > SMALL_DICT && dict->n / 4 > olap_mask_count(mask, n))
		{
			test_coded_rows(expr, v, mask, n);
			return;
		}
		if (state->answers_cap < dict->n)
		{
			if (state->answers != NULL)
				pfree(state->answers);
			state->answers_cap = 0;
			state->answers = MemoryContextAllocHuge(filter->cxt, dict->n);
			state->answers_cap = dict->n;
		}
		state->dict = NULL;
		memset(state->answers, 1, dict->n);
		test_rows(expr, dict, state->answers, dict->n);
		count_matches(state, dict->n);
		state->dict = dict;
		state->dict_place = filter->place;
	}
	if (state->nmatches == 0)
		memset(mask, 0, n);
	else if (state->nmatches == 1)
		olap_range_u32(mask, v->codes, n, state->match, 0, 0);
	else if (state->nmatches < dict->n)
		olap_mask_codes(mask, v->codes, n, state->answers, dict->n, 0);
}

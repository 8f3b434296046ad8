/*-------------------------------------------------------------------------
 *
 * filter_bytes.c
 *		Tests of byte strings against constants.
 *
 * Row by row over the live rows, or once an entry of the dictionary if that is
 * less work, as it is when enough rows have asked. Answers are kept until the
 * dictionary changes. What a LIKE asks for is
 * searched in all values at once where most rows are live: they are short, and what
 * begins and ends a search costs more than the bytes.
 *
 * src/vector/filter_bytes.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/kernel.h"
#include "base/varlena.h"
#include "vector/expr_kernels.h"
#include "vector/filter_internal.h"

/* A dictionary of at most this many entries is always answered whole. */
#define SMALL_DICT 256
/*
 * A larger one is if as many rows asked as this part of its entries: what it costs is
 * then paid by those that follow.  Entries that are searched as one cost less.
 */
#define ENTRIES_PART 4
#define SEARCHED_PART 8
/* Heaps are searched as one for at least so many live rows, ... */
#define DENSE_MIN 8
/* ... and if at least one row in so many is live. */
#define DENSE_PART 8
/* Rows that are passed over together. */
#define SKIP 64

/* Where value number i is: an entry of a dictionary, or the row's own. */
static inline uint32
place_of(const uint32 *codes, uint32 i)
{
	return codes != NULL ? codes[i] : i;
}

/*
 * Strings equal to a constant, or not equal: most differ in their length, and of
 * the empty string there is nothing else to compare.
 */
static void
test_equality(const OlapVector *v, const uint32 *codes,
			  const OlapExprValue *constant, bool equal, uint8 *mask, uint32 n)
{
	const uint32 *offsets = v->values;
	size_t		size = constant->len + VARHDRSZ;

	for (uint32 i = 0; i < n; i++)
	{
		const char *value;

		if (!mask[i])
			continue;
		value = v->heap + offsets[place_of(codes, i)];
		mask[i] = (VARSIZE(value) == size &&
				   olap_same_bytes((const uint8 *) VARDATA(value), constant->data,
								   constant->len)) == equal;
	}
}

/* Strings that begin with a constant. */
static void
test_prefixes(const OlapVector *v, const uint32 *codes, const uint8 *prefix,
			  size_t len, uint8 flip, uint8 *mask, uint32 n)
{
	const uint32 *offsets = v->values;

	for (uint32 i = 0; i < n; i++)
	{
		const char *value;

		if (!mask[i])
			continue;
		value = v->heap + offsets[place_of(codes, i)];
		mask[i] = (uint8) (VARSIZE(value) - VARHDRSZ >= len &&
						   olap_same_bytes((const uint8 *) VARDATA(value), prefix,
										   len)) ^ flip;
	}
}

OLAP_KERNEL static bool
ascends(const uint32 *offsets, uint32 n)
{
	uint32		bad = 0;

	for (uint32 i = 1; i < n; i++)
		bad |= offsets[i] < offsets[i - 1];
	return bad == 0;
}

/*
 * LIKE with something that all matches have in them: it is searched in the whole heap,
 * headers of values included, and where it is found that is the answer of all rows
 * before.  Offsets ascend, and first and last are live rows.
 */
static void
search_rows(const OlapExpr *expr, const OlapVector *v, uint8 *mask, uint32 first,
			uint32 last, uint8 flip)
{
	const uint32 *offsets = v->values;
	const char *end = v->heap + offsets[last] + VARSIZE(v->heap + offsets[last]);
	const char *hit = v->heap;
	bool		alone;
	const OlapNeedle *needle = olap_pattern_needle(expr->state->pattern, &alone);

	for (uint32 i = first; i <= last; i++)
	{
		const char *value = v->heap + offsets[i];
		bool		found;

		/* rows that end before what was found; they may share values, dead ones have none */
		while (last - i >= SKIP && mask[i + SKIP] &&
			   v->heap + offsets[i + SKIP] <= hit &&
			   offsets[i + SKIP - 1] < offsets[i + SKIP])
		{
			if (!flip)
				memset(mask + i, 0, SKIP);
			i += SKIP;
			value = v->heap + offsets[i];
		}
		if (!mask[i])
			continue;
		if (hit < VARDATA(value))
		{
			hit = (const char *) olap_needle_find(needle, (const uint8 *) VARDATA(value),
												  end - VARDATA(value));
			if (hit == NULL)
				hit = end;
		}
		found = hit + needle->len <= value + VARSIZE(value);
		if (found && !alone)
			found = olap_pattern_match(expr->state->pattern, (const uint8 *) VARDATA(value),
									   VARSIZE(value) - VARHDRSZ);
		mask[i] = (uint8) found ^ flip;
	}
}

/* Can search_rows() be used for the live rows, and is it less work? */
static bool
search_pays(const OlapExpr *expr, const OlapVector *v, const uint8 *mask, uint32 n,
			uint32 *first, uint32 *last)
{
	bool		alone;
	uint32		live;

	/* a heap that is shared with a dictionary has much that is of no row */
	if (expr->kind != OLAP_EXPR_LIKE || v->codes != NULL ||
		olap_pattern_needle(expr->state->pattern, &alone) == NULL)
		return false;
	live = olap_mask_count(mask, n);
	if (live < DENSE_MIN || live < n / DENSE_PART || !ascends(v->values, n))
		return false;
	for (*first = 0; !mask[*first];)
		(*first)++;
	for (*last = n - 1; !mask[*last];)
		(*last)--;
	return true;
}

static void
test_var(const OlapExpr *expr, const OlapVector *v, const uint32 *codes,
		 uint8 *mask, uint32 n)
{
	OlapByteTest test = expr->state->test;
	uint8		flip = expr->kind != OLAP_EXPR_COMPARE && expr->negated;
	const uint32 *offsets = v->values;
	uint64		lengths = expr->state->lengths;
	const OlapExprValue *value = expr->values;
	OlapExprValue prefix;
	uint32		first;
	uint32		last;

	if (expr->kind == OLAP_EXPR_COMPARE && expr->order == OLAP_ORDER_BYTES &&
		(expr->cmp == OLAP_CMP_EQ || expr->cmp == OLAP_CMP_NE))
		test_equality(v, codes, value, expr->cmp == OLAP_CMP_EQ, mask, n);
	else if (expr->kind == OLAP_EXPR_PREFIX)
		test_prefixes(v, codes, value->data, value->len, flip, mask, n);
	else if (expr->kind == OLAP_EXPR_LIKE &&
			 olap_pattern_prefix(expr->state->pattern, &prefix.data, &prefix.len))
		test_prefixes(v, codes, prefix.data, prefix.len, flip, mask, n);
	else if (codes == NULL && search_pays(expr, v, mask, n, &first, &last))
		search_rows(expr, v, mask, first, last, flip);
	else
		for (uint32 i = 0; i < n; i++)
		{
			const char *row;

			if (!mask[i])
				continue;
			row = v->heap + offsets[place_of(codes, i)];
			mask[i] = (lengths >> (VARSIZE(row) - VARHDRSZ) % 64 & 1 &&
					   test(expr, (const uint8 *) VARDATA(row),
							VARSIZE(row) - VARHDRSZ)) ^ flip;
		}
}

/*
 * Apply a byte test to the rows that mask leaves; no NULL among them.  v holds
 * their values, or, with codes, the entries that these name.
 */
static void
test_rows(const OlapExpr *expr, const OlapVector *v, const uint32 *codes,
		  uint8 *mask, uint32 n)
{
	OlapByteTest test = expr->state->test;
	uint8		flip = expr->kind != OLAP_EXPR_COMPARE && expr->negated;
	const uint8 *values = v->values;

	if (v->phys == OLAP_PHYS_VAR)
		test_var(expr, v, codes, mask, n);
	else if (v->phys == OLAP_PHYS_FIXED)
	{
		for (uint32 i = 0; i < n; i++)
			if (mask[i])
				mask[i] = (uint8) test(expr, values + (size_t) place_of(codes, i) *
									   v->width, v->width) ^ flip;
	}
	else
		olap_filter_unexpected(v);
}

/* How many of the n entries pass, and where the only one is that does, or does not. */
static void
count_matches(OlapExprState *state, uint32 n)
{
	const uint8 *odd = NULL;

	state->nmatches = olap_mask_count(state->answers, n);
	if (state->nmatches == 1)
		odd = memchr(state->answers, 1, n);
	else if (state->nmatches + 1 == n)
		odd = memchr(state->answers, 0, n);
	state->odd = odd != NULL ? (uint32) (odd - state->answers) : 0;
}

/* Is an answer for each of the n entries yet to pay? live: rows that ask now. */
static bool
entries_can_wait(const OlapExpr *expr, uint32 n, uint32 live)
{
	bool		alone;
	bool		searched = expr->kind == OLAP_EXPR_LIKE &&
		olap_pattern_needle(expr->state->pattern, &alone) != NULL;

	return n > SMALL_DICT &&
		n / (searched ? SEARCHED_PART : ENTRIES_PART) > live + expr->state->asked;
}

/* Test the entries of a dictionary, each once. */
static void
answer_entries(OlapFilter *filter, const OlapExpr *expr, const OlapVector *dict)
{
	OlapExprState *state = expr->state;

	if (state->answers_cap < dict->n)
	{
		if (state->answers != NULL)
			pfree(state->answers);
		state->answers = NULL;
		state->answers_cap = 0;
		state->answers = MemoryContextAllocHuge(filter->cxt, dict->n);
		state->answers_cap = dict->n;
	}
	memset(state->answers, 1, dict->n);
	test_rows(expr, dict, NULL, state->answers, dict->n);
	count_matches(state, dict->n);
	state->answered = true;
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
		test_rows(expr, v, NULL, mask, n);
		return;
	}
	if (state->dict != dict || state->dict_place != filter->place)
	{
		state->dict = dict;
		state->dict_place = filter->place;
		state->answered = false;
		state->asked = 0;
	}
	if (!state->answered)
	{
		uint32		live = olap_mask_count(mask, n);

		if (entries_can_wait(expr, dict->n, live))
		{
			state->asked += live;
			/* v may have no values */
			test_rows(expr, dict, v->codes, mask, n);
			return;
		}
		answer_entries(filter, expr, dict);
	}
	if (state->nmatches == 0)
		memset(mask, 0, n);
	else if (state->nmatches == 1)
		olap_range_u32(mask, v->codes, n, state->odd, 0, 0);
	else if (state->nmatches + 1 == dict->n)
		olap_range_u32(mask, v->codes, n, state->odd, 0, 1);
	else if (state->nmatches < dict->n)
		olap_mask_codes(mask, v->codes, n, state->answers, dict->n, 0);
}

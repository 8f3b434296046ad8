/*-------------------------------------------------------------------------
 *
 * program_compare.c
 *		Comparisons as values: true, false, or NULL.
 *
 * The six operators are two loops, "less" and "equal", perhaps with operands
 * swapped or the answer flipped; the loops are those of filters.
 *
 * src/vector/program_compare.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "base/varlena.h"
#include "vector/expr_internal.h"
#include "vector/expr_kernels.h"
#include "vector/program_internal.h"

#define ANSWER_UNKNOWN 2

typedef struct CompareNode
{
	OlapNode	node;
	OlapOrder	order;
	OlapCompare cmp;
	int64	   *scaled;			/* a numeric operand at the other's scale */

	/* answers by code, where the other operand is a constant */
	uint64		place;
	const OlapVector *dict;
	uint8	   *answers;
	uint32		nanswers;
	uint32		max_answers;
} CompareNode;

static void
compare_ints(CompareNode *self, OlapPhys phys, const void *a, const void *b,
			 uint8 *out, uint32 n)
{
	OlapCompare cmp = self->cmp;
	bool		equal = cmp == OLAP_CMP_EQ || cmp == OLAP_CMP_NE;
	bool		swap = cmp == OLAP_CMP_LE || cmp == OLAP_CMP_GT;
	uint8		flip = cmp == OLAP_CMP_NE || cmp == OLAP_CMP_GE ||
		cmp == OLAP_CMP_LE;
	bool		is_unsigned = self->order == OLAP_ORDER_UINT ||
		phys == OLAP_PHYS_BOOL;
	const void *x = swap ? b : a;
	const void *y = swap ? a : b;

#define RUN_COLUMNS(name) \
	do { \
		if (equal) \
			olap_col_eq_##name(out, x, y, n, flip); \
		else \
			olap_col_lt_##name(out, x, y, n, flip); \
	} while (0)

	memset(out, 1, n);
	switch (phys)
	{
		case OLAP_PHYS_BOOL:
		case OLAP_PHYS_I8:
			if (is_unsigned)
				RUN_COLUMNS(u8);
			else
				RUN_COLUMNS(i8);
			break;
		case OLAP_PHYS_I16:
			RUN_COLUMNS(i16);
			break;
		case OLAP_PHYS_I32:
			if (is_unsigned)
				RUN_COLUMNS(u32);
			else
				RUN_COLUMNS(i32);
			break;
		case OLAP_PHYS_F32:
			RUN_COLUMNS(f32);
			break;
		case OLAP_PHYS_F64:
			RUN_COLUMNS(f64);
			break;
		default:
			RUN_COLUMNS(i64);
			break;
	}
#undef RUN_COLUMNS
}

static inline bool
answer(OlapCompare cmp, int order)
{
	switch (cmp)
	{
		case OLAP_CMP_LT:
			return order < 0;
		case OLAP_CMP_LE:
			return order <= 0;
		case OLAP_CMP_EQ:
			return order == 0;
		case OLAP_CMP_NE:
			return order != 0;
		case OLAP_CMP_GE:
			return order >= 0;
		default:
			return order > 0;
	}
}

/* Content of a by-reference value, or of a scaled number's numeric. */
static inline const uint8 *
content(const OlapVector *v, uint32 row, char *scratch, size_t *len)
{
	const char *value;

	if (v->phys == OLAP_PHYS_FIXED)
	{
		*len = v->width;
		return (const uint8 *) v->values + (size_t) row * v->width;
	}
	value = DatumGetPointer(olap_vector_datum(v, row, scratch));
	*len = VARSIZE(value) - VARHDRSZ;
	return (const uint8 *) VARDATA(value);
}

static uint8
compare_row(const CompareNode *self, const OlapVector *a, uint32 arow,
			const OlapVector *b, uint32 brow)
{
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint64		align;
	}			scratch[2];
	size_t		alen;
	size_t		blen;
	const uint8 *adata = content(a, arow, scratch[0].bytes, &alen);
	const uint8 *bdata = content(b, brow, scratch[1].bytes, &blen);

	if ((self->cmp == OLAP_CMP_EQ || self->cmp == OLAP_CMP_NE) &&
		self->order == OLAP_ORDER_BYTES)
		return (alen == blen && memcmp(adata, bdata, alen) == 0) ==
			(self->cmp == OLAP_CMP_EQ);
	return answer(self->cmp, olap_value_compare(self->order, adata, alen,
												bdata, blen));
}

/* The numbers of v times 10^digits, or NULL if one does not fit. */
static const int64 *
rescale(CompareNode *self, const OlapVector *v, int digits, uint32 n)
{
	const int64 *values = v->values;
	int64		factor = 1;
	bool		bad = false;

	for (int i = 0; i < digits; i++)
		factor *= 10;
	if (self->scaled == NULL)
		self->scaled = MemoryContextAlloc(self->node.scope->program->cxt,
										  OLAP_VECTOR_ROWS * sizeof(int64));
	for (uint32 i = 0; i < n; i++)
		bad |= __builtin_mul_overflow(values[i], factor, &self->scaled[i]);
	return bad ? NULL : self->scaled;
}

static bool
compare_decimals(CompareNode *self, const OlapVector *a, const OlapVector *b,
				 uint8 *out, uint32 n)
{
	const int64 *x = a->values;
	const int64 *y = b->values;

	if (a->phys != OLAP_PHYS_DEC64 || b->phys != OLAP_PHYS_DEC64)
		return false;
	if (a->scale < b->scale)
		x = rescale(self, a, b->scale - a->scale, n);
	else if (b->scale < a->scale)
		y = rescale(self, b, a->scale - b->scale, n);
	if (x == NULL || y == NULL)
		return false;
	compare_ints(self, OLAP_PHYS_I64, x, y, out, n);
	return true;
}

/* a has a dictionary and b is a constant: once for each entry that occurs. */
static void
compare_codes(CompareNode *self, const OlapVector *a, const OlapVector *b,
			  uint8 *out, uint32 n)
{
	OlapProgram *program = self->node.scope->program;
	uint32		size = a->dict->n;

	if (self->place != program->place || self->dict != a->dict)
		self->nanswers = 0;
	self->place = program->place;
	self->dict = a->dict;
	if (size > self->max_answers)
	{
		uint8	   *answers = MemoryContextAllocHuge(program->cxt,
													 Max(size, self->max_answers * 2));

		self->max_answers = Max(size, self->max_answers * 2);
		if (self->nanswers > 0)
			memcpy(answers, self->answers, self->nanswers);
		if (self->answers != NULL)
			pfree(self->answers);
		self->answers = answers;
	}
	if (size > self->nanswers)
		memset(self->answers + self->nanswers, ANSWER_UNKNOWN,
			   size - self->nanswers);
	self->nanswers = size;
	for (uint32 i = 0; i < n; i++)
	{
		uint8	   *known = &self->answers[a->codes[i]];

		if (a->valid != NULL && olap_vector_is_null(a, i))
		{
			out[i] = 0;
			continue;
		}
		if (*known == ANSWER_UNKNOWN)
			*known = compare_row(self, a->dict, a->codes[i], b, 0);
		out[i] = *known;
	}
}

static void
compare_content(CompareNode *self, const OlapVector *a, const OlapVector *b,
				uint8 *out, uint32 n)
{
	if (a->codes != NULL && self->node.args[1]->constant && b->valid == NULL &&
		a->dict->n > 0)
	{
		compare_codes(self, a, b, out, n);
		return;
	}
	for (uint32 i = 0; i < n; i++)
		out[i] = !olap_vector_is_null(a, i) && !olap_vector_is_null(b, i) &&
			compare_row(self, a, i, b, i);
}

static const OlapVector *
eval_compare(OlapNode *node)
{
	CompareNode *self = (CompareNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const OlapVector *b = olap_node_eval(node->args[1]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);

	if (self->order < OLAP_ORDER_NUMERIC)
		compare_ints(self, a->phys, a->values, b->values, out->values, n);
	else if (self->order != OLAP_ORDER_NUMERIC ||
			 !compare_decimals(self, a, b, out->values, n))
		compare_content(self, a, b, out->values, n);
	olap_node_strict(node, a, b);
	return out;
}

OlapNode *
olap_node_compare(OlapScope *scope, OlapOrder order, OlapCompare cmp,
				  OlapNode *a, OlapNode *b)
{
	OlapColumnType type = olap_plain_type(BOOLOID);
	OlapNode   *args[] = {a, b};
	CompareNode *self;

	/* constants to the right, where dictionaries look for them */
	if (a->constant && !b->constant)
	{
		args[0] = b;
		args[1] = a;
		cmp = olap_compare_commute(cmp);
	}
	self = olap_node_make(scope, sizeof(CompareNode), eval_compare, &type,
						  args, 2);
	self->order = order;
	self->cmp = cmp;
	self->node.safe = a->safe && b->safe;
	return &self->node;
}

/* ---- a IS DISTINCT FROM b, from a = b ---- */

static const OlapVector *
eval_distinct(OlapNode *node)
{
	const OlapVector *a = olap_node_eval(node->args[0]);
	const OlapVector *b = olap_node_eval(node->args[1]);
	const OlapVector *equal = olap_node_eval(node->args[2]);
	const uint8 *eq = equal->values;
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	uint8	   *r = out->values;

	for (uint32 i = 0; i < n; i++)
		r[i] = eq[i] == 0;
	if (a->valid != NULL || b->valid != NULL)
		for (uint32 i = 0; i < n; i++)
		{
			bool		x = olap_vector_is_null(a, i);
			bool		y = olap_vector_is_null(b, i);

			if (x || y)
				r[i] = x != y;
		}
	return out;
}

OlapNode *
olap_node_distinct(OlapScope *scope, OlapNode *a, OlapNode *b, OlapNode *equal)
{
	OlapColumnType type = olap_plain_type(BOOLOID);
	OlapNode   *args[] = {a, b, equal};
	OlapNode   *node = olap_node_make(scope, sizeof(OlapNode), eval_distinct,
									  &type, args, 3);

	node->safe = equal->safe;
	return node;
}

/* ---- integers: = ANY (list), <> ALL (list) ---- */

typedef struct ListNode
{
	OlapNode	node;
	bool		negated;
	bool		has_null;		/* what is not found is NULL then */
	int			nvalues;
	int64	   *values;			/* ascending */
} ListNode;

static bool
in_list(const ListNode *self, int64 value)
{
	int			lo = 0;
	int			hi = self->nvalues;

	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (self->values[mid] == value)
			return true;
		if (self->values[mid] < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static const OlapVector *
eval_list(OlapNode *node)
{
	ListNode   *self = (ListNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	uint8	   *r = out->values;
	uint64	   *valid;

	for (uint32 i = 0; i < n; i++)
		r[i] = in_list(self, olap_vector_int(a, i));
	olap_node_strict(node, a, NULL);
	if (self->has_null)
	{
		valid = olap_node_valid(node);
		memset(valid, 0, OLAP_VALID_WORDS * sizeof(uint64));
		for (uint32 i = 0; i < n; i++)
			if (r[i] && !olap_vector_is_null(a, i))
				valid[i >> 6] |= UINT64CONST(1) << (i & 63);
		out->valid = valid;
	}
	if (self->negated)
		for (uint32 i = 0; i < n; i++)
			r[i] ^= 1;
	return out;
}

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

OlapNode *
olap_node_list(OlapScope *scope, OlapNode *a, bool negated, const int64 *values,
			   int nvalues, bool has_null)
{
	OlapColumnType type = olap_plain_type(BOOLOID);
	ListNode   *self = olap_node_make(scope, sizeof(ListNode), eval_list, &type,
									  &a, 1);

	self->negated = negated;
	self->has_null = has_null;
	self->nvalues = nvalues;
	self->values = MemoryContextAllocHuge(scope->program->cxt,
										  Max(nvalues, 1) * sizeof(int64));
	if (nvalues > 0)
		memcpy(self->values, values, nvalues * sizeof(int64));
	qsort(self->values, nvalues, sizeof(int64), compare_int64);
	self->node.safe = a->safe;
	return &self->node;
}

/*-------------------------------------------------------------------------
 *
 * program_extreme.c
 *		NULLIF, GREATEST and LEAST: one of the operands, without branches.
 *
 * src/vector/program_extreme.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "vector/program_internal.h"

/* ---- NULLIF: a, or NULL where equal is true ---- */

static const OlapVector *
eval_nullif(OlapNode *node)
{
	const OlapVector *a = olap_node_eval(node->args[0]);
	const OlapVector *equal = olap_node_eval(node->args[1]);
	const uint8 *eq = equal->values;
	uint32		n = node->scope->n;
	uint64	   *valid = olap_node_valid(node);

	node->result = *a;
	memset(valid, 0, OLAP_VALID_WORDS * sizeof(uint64));
	for (uint32 i = 0; i < n; i++)
		if (!olap_vector_is_null(a, i) &&
			(olap_vector_is_null(equal, i) || !eq[i]))
			valid[i >> 6] |= UINT64CONST(1) << (i & 63);
	node->result.valid = valid;
	return &node->result;
}

OlapNode *
olap_node_nullif(OlapScope *scope, const OlapColumnType *type, OlapNode *a,
				 OlapNode *equal)
{
	OlapNode   *args[] = {a, equal};
	OlapNode   *node = olap_node_make(scope, sizeof(OlapNode), eval_nullif,
									  type, args, 2);

	node->safe = equal->safe && a->safe;
	return node;
}

/* ---- GREATEST and LEAST of by-value types ---- */

typedef struct ExtremeNode
{
	OlapNode	node;
	bool		greatest;
	bool		is_unsigned;
} ExtremeNode;

/* NULL operands are left out; of equal ones the first stays. */
static inline bool
replaces(const ExtremeNode *self, const OlapVector *out, uint32 i,
		 const OlapVector *v)
{
	double		x;
	double		y;
	int64		a;
	int64		b;

	if (out->phys == OLAP_PHYS_F32 || out->phys == OLAP_PHYS_F64)
	{
		bool		single = out->phys == OLAP_PHYS_F32;

		x = single ? ((const float *) out->values)[i] :
			((const double *) out->values)[i];
		y = single ? ((const float *) v->values)[i] :
			((const double *) v->values)[i];
		if (isnan(x) || isnan(y))
			return isnan(x) != isnan(y) && isnan(self->greatest ? y : x);
		return self->greatest ? y > x : y < x;
	}
	a = olap_vector_int(out, i);
	b = olap_vector_int(v, i);
	if (self->is_unsigned)
	{
		a = out->width == 1 ? (uint8) a : (uint32) a;
		b = out->width == 1 ? (uint8) b : (uint32) b;
	}
	return self->greatest ? b > a : b < a;
}

static const OlapVector *
eval_extreme(OlapNode *node)
{
	ExtremeNode *self = (ExtremeNode *) node;
	const OlapVector *v = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	size_t		width = v->width;
	OlapVector *out;

	out = olap_node_result(node, n);
	memcpy(out->values, v->values, n * width);
	out->valid = olap_node_valid(node);
	memset(out->valid, 0xFF, OLAP_VALID_WORDS * sizeof(uint64));
	if (v->valid != NULL)
		memcpy(out->valid, v->valid, (n + 63) / 64 * sizeof(uint64));
	for (int k = 1; k < node->nargs; k++)
	{
		v = olap_node_eval(node->args[k]);
		for (uint32 i = 0; i < n; i++)
		{
			if (olap_vector_is_null(v, i) ||
				(!olap_vector_is_null(out, i) && !replaces(self, out, i, v)))
				continue;
			memcpy((char *) out->values + i * width,
				   (const char *) v->values + i * width, width);
			out->valid[i >> 6] |= UINT64CONST(1) << (i & 63);
		}
	}
	return out;
}

OlapNode *
olap_node_extreme(OlapScope *scope, const OlapColumnType *type, bool greatest,
				  bool is_unsigned, OlapNode *const *args, int nargs)
{
	ExtremeNode *self = olap_node_make(scope, sizeof(ExtremeNode), eval_extreme,
									   type, args, nargs);

	self->greatest = greatest;
	self->is_unsigned = is_unsigned;
	self->node.safe = true;
	for (int k = 0; k < nargs; k++)
		self->node.safe &= args[k]->safe;
	return &self->node;
}

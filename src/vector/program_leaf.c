/*-------------------------------------------------------------------------
 *
 * program_leaf.c
 *		Columns and constants; dense vectors out of selected rows.
 *
 * src/vector/program_leaf.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "base/kernel.h"
#include "vector/program_internal.h"

/* ---- gathering ---- */

#define GATHER(ctype) \
OLAP_KERNEL static void \
gather_##ctype(ctype *restrict out, const ctype *restrict values, \
			   const uint16 *restrict sel, uint32 n) \
{ \
	for (uint32 i = 0; i < n; i++) \
		out[i] = values[sel[i]]; \
}

GATHER(uint8)
GATHER(uint16)
GATHER(uint32)
GATHER(uint64)

static void
gather_values(void *out, const OlapVector *src, const uint16 *sel, uint32 n)
{
	switch (src->width)
	{
		case 1:
			gather_uint8(out, src->values, sel, n);
			break;
		case 2:
			gather_uint16(out, src->values, sel, n);
			break;
		case 4:
			gather_uint32(out, src->values, sel, n);
			break;
		case 8:
			gather_uint64(out, src->values, sel, n);
			break;
		default:
			for (uint32 i = 0; i < n; i++)
				memcpy((char *) out + (size_t) i * src->width,
					   (const char *) src->values + (size_t) sel[i] * src->width,
					   src->width);
	}
}

void
olap_bits_gather(uint64 *dst, const uint64 *src, const uint16 *sel, uint32 nsel)
{
	for (uint32 first = 0; first < nsel; first += 64)
	{
		uint32		n = Min(64, nsel - first);
		uint64		word = 0;

		for (uint32 i = 0; i < n; i++)
		{
			uint16		row = sel[first + i];

			word |= ((src[row >> 6] >> (row & 63)) & 1) << i;
		}
		dst[first >> 6] = word;
	}
}

void
olap_vector_gather(OlapVector *dst, const OlapVector *src, const uint16 *sel,
				   uint32 nsel)
{
	if (dst->valid != NULL)
		pfree(dst->valid);
	if (dst->codes != NULL)
		pfree((void *) dst->codes);
	dst->valid = NULL;
	dst->codes = NULL;
	dst->dict = NULL;
	dst->n = 0;
	if (dst->phys != src->phys || dst->width != src->width)
		olap_vector_set_phys(dst, src->phys, src->width);
	olap_vector_reserve(dst, nsel);
	dst->scale = src->scale;
	dst->typalign = src->typalign;
	dst->heap = src->heap;
	dst->heap_len = src->heap_len;
	dst->heap_cap = 0;
	dst->n = nsel;
	if (sel == NULL)
		memcpy(dst->values, src->values, (size_t) nsel * src->width);
	else
		gather_values(dst->values, src, sel, nsel);
	if (src->valid != NULL)
	{
		olap_vector_make_valid(dst);
		if (sel == NULL)
			memcpy(dst->valid, src->valid, (nsel + 63) / 64 * sizeof(uint64));
		else
			olap_bits_gather(dst->valid, src->valid, sel, nsel);
	}
	if (src->codes != NULL)
	{
		uint32	   *codes = MemoryContextAlloc(dst->cxt, Max(nsel, 1) *
											   sizeof(uint32));

		if (sel == NULL)
			memcpy(codes, src->codes, nsel * sizeof(uint32));
		else
			gather_uint32(codes, src->codes, sel, nsel);
		dst->codes = codes;
		dst->dict = src->dict;
	}
}

/* ---- leaves ---- */

typedef struct ColumnNode
{
	OlapNode	node;
	int			col;			/* of the batch; -1: of the scope above */
	OlapVector	gathered;
} ColumnNode;

static const OlapVector *
eval_gather(ColumnNode *self, const OlapVector *src, const uint16 *sel, uint32 n)
{
	if (sel == NULL)
		return src;
	if (self->gathered.values == NULL)
		olap_vector_init(&self->gathered, &self->node.type, OLAP_VECTOR_ROWS,
						 self->node.scope->program->cxt);
	olap_vector_gather(&self->gathered, src, sel, n);
	return &self->gathered;
}

static const OlapVector *
eval_column(OlapNode *node)
{
	ColumnNode *self = (ColumnNode *) node;
	OlapScope  *scope = node->scope;

	return eval_gather(self, olap_batch_column(scope->program->batch, self->col),
					   scope->sel, scope->n);
}

OlapNode *
olap_node_column(OlapScope *scope, const OlapColumnType *type, int col)
{
	ColumnNode *self = olap_node_make(scope, sizeof(ColumnNode), eval_column,
									  type, NULL, 0);

	self->col = col;
	self->node.safe = true;
	return &self->node;
}

static const OlapVector *
eval_outer(OlapNode *node)
{
	OlapScope  *scope = node->scope;

	return eval_gather((ColumnNode *) node, olap_node_eval(node->args[0]),
					   scope->pos, scope->n);
}

OlapNode *
olap_node_outer(OlapScope *scope, OlapNode *node)
{
	ColumnNode *self = olap_node_make(scope, sizeof(ColumnNode), eval_outer,
									  &node->type, &node, 1);

	Assert(node->scope == scope->parent);
	self->node.safe = node->safe;
	self->node.constant = node->constant;
	return &self->node;
}

typedef struct RelabelNode
{
	OlapNode	node;
	OlapVector	relabeled;
} RelabelNode;

static bool
is_numeric_phys(OlapPhys phys)
{
	return phys == OLAP_PHYS_DEC64 || phys == OLAP_PHYS_VAR;
}

static const OlapVector *
eval_relabel(OlapNode *node)
{
	RelabelNode *self = (RelabelNode *) node;
	const OlapVector *v = olap_node_eval(node->args[0]);
	OlapPhys	phys = node->type.phys;

	if (v->phys == phys || (is_numeric_phys(phys) && is_numeric_phys(v->phys)))
		return v;
	Assert(v->width == node->type.width);
	self->relabeled = *v;
	self->relabeled.phys = phys;
	return &self->relabeled;
}

OlapNode *
olap_node_relabel(OlapScope *scope, const OlapColumnType *type, OlapNode *arg)
{
	OlapNode   *node = olap_node_make(scope, sizeof(RelabelNode), eval_relabel,
									  type, &arg, 1);

	node->safe = arg->safe;
	node->constant = arg->constant;
	return node;
}

typedef struct ConstNode
{
	OlapNode	node;
	OlapVector	value;			/* one row */
	bool		filled;			/* the result holds it a whole vector long */
} ConstNode;

static const uint32 const_codes[OLAP_VECTOR_ROWS];

/* The constant's only row, as often as a batch has rows. */
static void
fill_const(ConstNode *self)
{
	OlapVector *v = olap_node_result_as(&self->node, self->value.phys,
										self->value.width, OLAP_VECTOR_ROWS);
	size_t		width = v->width;

	for (uint32 i = 0; i < OLAP_VECTOR_ROWS; i++)
		memcpy((char *) v->values + i * width, self->value.values, width);
	v->scale = self->value.scale;
	v->heap = self->value.heap;
	v->heap_len = self->value.heap_len;
	if (self->value.valid != NULL)
	{
		v->valid = olap_node_valid(&self->node);
		memset(v->valid, 0, OLAP_VALID_WORDS * sizeof(uint64));
	}
	else if (v->phys == OLAP_PHYS_VAR)
	{
		v->codes = const_codes;
		v->dict = &self->value;
	}
	self->filled = true;
}

static const OlapVector *
eval_const(OlapNode *node)
{
	ConstNode  *self = (ConstNode *) node;

	if (!self->filled)
		fill_const(self);
	node->result.n = node->scope->n;
	return &node->result;
}

OlapNode *
olap_node_const(OlapScope *scope, const OlapColumnType *type, Datum value,
				bool isnull)
{
	ConstNode  *self = olap_node_make(scope, sizeof(ConstNode), eval_const,
									  type, NULL, 0);
	OlapColumnType stored = *type;
	int			scale;
	int64		decimal;

	if (type->typid == NUMERICOID && !isnull &&
		(scale = olap_numeric_scale(DatumGetPointer(value))) >= 0 &&
		olap_decimal_to_i64(DatumGetPointer(value), scale, &decimal))
	{
		stored.phys = OLAP_PHYS_DEC64;
		stored.scale = (uint8) scale;
		stored.width = sizeof(int64);
	}
	olap_vector_init(&self->value, &stored, 1, scope->program->cxt);
	olap_vector_append_datum(&self->value, &stored, value, isnull);
	self->node.safe = true;
	self->node.constant = true;
	return &self->node;
}

const OlapVector *
olap_node_const_value(const OlapNode *node)
{
	return node->eval == eval_const ? &((const ConstNode *) node)->value : NULL;
}

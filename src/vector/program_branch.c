/*-------------------------------------------------------------------------
 *
 * program_branch.c
 *		CASE and COALESCE.
 *
 * A branch runs for the rows that take it; its vector is a piece of the result.
 * Pieces are put together at the end: of one representation by scattering
 * values, of several (numerics) or of bytes row by row.  If all pieces are
 * constants the result is codes into a dictionary of them, so that a CASE that
 * names classes groups by codes.
 *
 * src/vector/program_branch.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/varlena.h"
#include "vector/program_internal.h"

/* Rows of the result that one branch gives. */
typedef struct Piece
{
	OlapNode   *node;
	const OlapVector *v;		/* NULL: not needed */
	uint32		n;
	uint16	   *pos;			/* [OLAP_VECTOR_ROWS] rows of the result */
	const uint16 *from;			/* which rows of v they are; NULL: 0 .. n - 1 */
	uint16	   *from_buffer;
	bool		is_null;		/* the constant NULL */
	uint32		code;			/* of a constant, in the dictionary */
} Piece;

typedef struct BranchNode
{
	OlapNode	node;
	int			npieces;
	Piece	   *pieces;
	OlapNode  **conds;			/* CASE: one for each piece but the last */
	uint16	   *rest;			/* rows without a branch yet */
	uint16	   *which;			/* piece of each row, and ... */
	uint16	   *at;				/* ... which of its rows */
	OlapVector	rows;			/* a result that is put together by row */
	bool		all_const;
	OlapVector	dict;			/* of the constants; no values: not yet made */
	uint32	   *codes;
} BranchNode;

/* ---- putting pieces together ---- */

static inline uint32
source_row(const Piece *piece, uint32 i)
{
	return piece->from == NULL ? i : piece->from[i];
}

static void
scatter_values(OlapVector *out, const Piece *piece)
{
	const OlapVector *v = piece->v;

#define SCATTER(ctype) \
	for (uint32 i = 0; i < piece->n; i++) \
		((ctype *) out->values)[piece->pos[i]] = \
			((const ctype *) v->values)[source_row(piece, i)]

	switch (v->width)
	{
		case 1:
			SCATTER(uint8);
			break;
		case 2:
			SCATTER(uint16);
			break;
		case 4:
			SCATTER(uint32);
			break;
		case 8:
			SCATTER(uint64);
			break;
		default:
			for (uint32 i = 0; i < piece->n; i++)
				memcpy((char *) out->values + (size_t) piece->pos[i] * v->width,
					   (const char *) v->values +
					   (size_t) source_row(piece, i) * v->width, v->width);
	}
#undef SCATTER
}

static void
scatter_nulls(BranchNode *self, OlapVector *out)
{
	for (int k = 0; k < self->npieces; k++)
	{
		const Piece *piece = &self->pieces[k];

		if (piece->n == 0 ||
			(!piece->is_null && (piece->v == NULL || piece->v->valid == NULL)))
			continue;
		if (out->valid == NULL)
		{
			out->valid = olap_node_valid(&self->node);
			memset(out->valid, 0xFF, OLAP_VALID_WORDS * sizeof(uint64));
		}
		for (uint32 i = 0; i < piece->n; i++)
		{
			uint16		row = piece->pos[i];

			if (piece->is_null ||
				olap_vector_is_null(piece->v, source_row(piece, i)))
				out->valid[row >> 6] &= ~(UINT64CONST(1) << (row & 63));
		}
	}
}

static const OlapVector *
join_by_row(BranchNode *self, uint32 n)
{
	MemoryContext cxt = self->node.scope->program->cxt;
	OlapVector *out = &self->rows;
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint64		align;
	}			scratch;

	if (self->which == NULL)
	{
		self->which = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS * sizeof(uint16));
		self->at = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS * sizeof(uint16));
		olap_vector_init(out, &self->node.type, OLAP_VECTOR_ROWS, cxt);
	}
	for (int k = 0; k < self->npieces; k++)
		for (uint32 i = 0; i < self->pieces[k].n; i++)
		{
			self->which[self->pieces[k].pos[i]] = (uint16) k;
			self->at[self->pieces[k].pos[i]] =
				(uint16) source_row(&self->pieces[k], i);
		}
	olap_vector_reset(out, &self->node.type);
	for (uint32 i = 0; i < n; i++)
	{
		const Piece *piece = &self->pieces[self->which[i]];
		const OlapVector *v = piece->v;

		if (piece->is_null || olap_vector_is_null(v, self->at[i]))
			olap_vector_append_null(out);
		else
			olap_vector_append_datum(out, &self->node.type,
									 olap_vector_datum(v, self->at[i],
													   scratch.bytes), false);
	}
	return out;
}

/* The dictionary of the constants, equal ones once; codes for the pieces. */
static void
make_dictionary(BranchNode *self)
{
	OlapVector *dict = &self->dict;

	olap_vector_init(dict, &self->node.type, 16, self->node.scope->program->cxt);
	for (int k = 0; k < self->npieces; k++)
	{
		Piece	   *piece = &self->pieces[k];
		const OlapVector *v = olap_node_const_value(piece->node);
		const char *value;

		if (piece->is_null)
			continue;
		value = v->heap + ((const uint32 *) v->values)[0];
		for (piece->code = 0; piece->code < dict->n; piece->code++)
		{
			const char *other = dict->heap +
				((const uint32 *) dict->values)[piece->code];

			if (VARSIZE(other) == VARSIZE(value) &&
				memcmp(other, value, VARSIZE(value)) == 0)
				break;
		}
		if (piece->code == dict->n)
			olap_vector_append_var(dict, VARDATA(value),
								   VARSIZE(value) - VARHDRSZ);
	}
	self->codes = MemoryContextAlloc(self->node.scope->program->cxt,
									 OLAP_VECTOR_ROWS * sizeof(uint32));
}

static const OlapVector *
join_constants(BranchNode *self, uint32 n)
{
	OlapVector *out = olap_node_result(&self->node, n);

	if (self->dict.values == NULL)
		make_dictionary(self);
	for (int k = 0; k < self->npieces; k++)
	{
		const Piece *piece = &self->pieces[k];

		for (uint32 i = 0; i < piece->n; i++)
			self->codes[piece->pos[i]] = piece->code;
	}
	scatter_nulls(self, out);
	if (self->dict.n == 0)
	{
		memset(out->values, 0, n * sizeof(uint32));
		return out;
	}
	for (uint32 i = 0; i < n; i++)
		((uint32 *) out->values)[i] =
			((const uint32 *) self->dict.values)[self->codes[i]];
	out->heap = self->dict.heap;
	out->heap_len = self->dict.heap_len;
	out->codes = self->codes;
	out->dict = &self->dict;
	return out;
}

static const OlapVector *
join_pieces(BranchNode *self, uint32 n)
{
	const Piece *first = NULL;
	bool		alike = true;
	OlapVector *out;

	if (self->all_const)
		return join_constants(self, n);
	for (int k = 0; k < self->npieces; k++)
	{
		const Piece *piece = &self->pieces[k];

		if (piece->n == 0 || piece->is_null)
			continue;
		if (first == NULL)
			first = piece;
		alike &= piece->v->phys == first->v->phys &&
			piece->v->width == first->v->width &&
			piece->v->scale == first->v->scale &&
			piece->v->phys != OLAP_PHYS_VAR;
		if (piece->n == n)
			return piece->v;
	}
	if (!alike || first == NULL)
		return join_by_row(self, n);
	out = olap_node_result_as(&self->node, first->v->phys, first->v->width, n);
	out->scale = first->v->scale;
	memset(out->values, 0, (size_t) n * out->width);
	for (int k = 0; k < self->npieces; k++)
		if (self->pieces[k].n > 0 && !self->pieces[k].is_null)
			scatter_values(out, &self->pieces[k]);
	scatter_nulls(self, out);
	return out;
}

/* ---- taking branches ---- */

/* The vector of a piece whose rows are known. */
static void
eval_piece(BranchNode *self, Piece *piece, uint32 n)
{
	OlapNode   *node = piece->node;

	if (self->all_const || piece->is_null || piece->n == 0)
		return;
	piece->from = piece->pos;
	if (node->scope != self->node.scope)
	{
		piece->from = NULL;
		olap_scope_enter(node->scope, piece->n == n ? NULL : piece->pos,
						 piece->n);
	}
	piece->v = olap_node_eval(node);
}

/*
 * Split rest[0 .. nrest) by v, whose row i is rest[i] (dense) or rest[i]'s own:
 * rows for which it is true go to pos.  Returns how many are left.
 */
static uint32
split_true(uint16 *rest, uint32 nrest, const OlapVector *v, bool dense,
		   uint16 *pos, uint32 *npos)
{
	const uint8 *truth = v->values;
	uint32		left = 0;
	uint32		taken = 0;

	for (uint32 i = 0; i < nrest; i++)
	{
		uint16		row = rest[i];
		uint32		at = dense ? i : row;
		bool		take = truth[at] && !olap_vector_is_null(v, at);

		pos[taken] = row;
		rest[left] = row;
		taken += take;
		left += !take;
	}
	*npos = taken;
	return left;
}

static const OlapVector *
eval_case(OlapNode *node)
{
	BranchNode *self = (BranchNode *) node;
	uint32		n = node->scope->n;
	uint32		nrest = n;
	Piece	   *piece;

	for (uint32 i = 0; i < n; i++)
		self->rest[i] = (uint16) i;
	for (int k = 0; k < self->npieces - 1; k++)
	{
		OlapNode   *cond = self->conds[k];
		bool		dense = cond->scope != node->scope;

		piece = &self->pieces[k];
		piece->n = 0;
		if (nrest == 0)
			continue;
		if (dense)
			olap_scope_enter(cond->scope, nrest == n ? NULL : self->rest, nrest);
		nrest = split_true(self->rest, nrest, olap_node_eval(cond), dense,
						   piece->pos, &piece->n);
		eval_piece(self, piece, n);
	}
	piece = &self->pieces[self->npieces - 1];
	piece->n = nrest;
	memcpy(piece->pos, self->rest, nrest * sizeof(uint16));
	eval_piece(self, piece, n);
	return join_pieces(self, n);
}

/* Of piece's rows only those that are not NULL; the others go to rest. */
static uint32
split_null(Piece *piece, uint16 *rest)
{
	uint32		left = 0;
	uint32		taken = 0;

	for (uint32 i = 0; i < piece->n; i++)
	{
		uint16		row = piece->pos[i];
		uint16		from = (uint16) source_row(piece, i);

		if (olap_vector_is_null(piece->v, from))
			rest[left++] = row;
		else
		{
			piece->pos[taken] = row;
			piece->from_buffer[taken++] = from;
		}
	}
	piece->from = piece->from_buffer;
	piece->n = taken;
	return left;
}

static const OlapVector *
eval_coalesce(OlapNode *node)
{
	BranchNode *self = (BranchNode *) node;
	uint32		n = node->scope->n;
	uint32		nrest = n;

	for (uint32 i = 0; i < n; i++)
		self->rest[i] = (uint16) i;
	for (int k = 0; k < self->npieces; k++)
	{
		Piece	   *piece = &self->pieces[k];
		bool		last = k == self->npieces - 1;

		piece->n = nrest;
		if (piece->is_null && !last)
			piece->n = 0;
		if (piece->n == 0)
			continue;
		memcpy(piece->pos, self->rest, nrest * sizeof(uint16));
		eval_piece(self, piece, n);
		nrest = last || piece->v->valid == NULL ? 0 :
			split_null(piece, self->rest);
	}
	return join_pieces(self, n);
}

/* ---- making nodes ---- */

static BranchNode *
make_branches(OlapScope *scope, OlapNodeEval eval, const OlapColumnType *type,
			  OlapNode *const *results, int n)
{
	MemoryContext cxt = scope->program->cxt;
	BranchNode *self = olap_node_make(scope, sizeof(BranchNode), eval, type,
									  results, n);

	self->npieces = n;
	self->pieces = MemoryContextAllocZero(cxt, n * sizeof(Piece));
	self->rest = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS * sizeof(uint16));
	self->all_const = true;
	self->node.safe = true;
	for (int k = 0; k < n; k++)
	{
		const OlapVector *value = olap_node_const_value(results[k]);
		Piece	   *piece = &self->pieces[k];

		Assert(results[k]->scope == scope || results[k]->scope->parent == scope);
		piece->node = results[k];
		piece->pos = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS * sizeof(uint16));
		piece->is_null = value != NULL && olap_vector_is_null(value, 0);
		self->all_const &= piece->is_null ||
			(value != NULL && value->phys == OLAP_PHYS_VAR);
		self->node.safe &= results[k]->safe;
	}
	self->all_const &= type->phys == OLAP_PHYS_VAR;
	return self;
}

OlapNode *
olap_node_case(OlapScope *scope, const OlapColumnType *type,
			   OlapNode *const *conds, OlapNode *const *results, int nconds)
{
	BranchNode *self = make_branches(scope, eval_case, type, results,
									 nconds + 1);

	self->conds = MemoryContextAlloc(scope->program->cxt,
									 nconds * sizeof(OlapNode *));
	for (int k = 0; k < nconds; k++)
	{
		self->conds[k] = conds[k];
		self->node.safe &= conds[k]->safe;
		self->node.bridged |= conds[k]->bridged;
	}
	return &self->node;
}

OlapNode *
olap_node_coalesce(OlapScope *scope, const OlapColumnType *type,
				   OlapNode *const *args, int nargs)
{
	BranchNode *self = make_branches(scope, eval_coalesce, type, args, nargs);

	/* a piece's NULLs are looked at, so each needs its vector */
	self->all_const = false;
	for (int k = 0; k < nargs; k++)
		self->pieces[k].from_buffer =
			MemoryContextAlloc(scope->program->cxt,
							   OLAP_VECTOR_ROWS * sizeof(uint16));
	return &self->node;
}

/*-------------------------------------------------------------------------
 *
 * program.c
 *		Expressions over batches: programs, scopes, nodes.
 *
 * A node keeps its vector for as long as its scope's set of rows is the same,
 * which the scope's epoch tells.  Evaluation is by demand from the results
 * down, so what no result needs in a batch is not computed, and what several
 * need is computed once.
 *
 * src/vector/program.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "vector/program_internal.h"

/* ---- programs and scopes ---- */

OlapProgram *
olap_program_create(MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap program",
											  ALLOCSET_DEFAULT_SIZES);
	OlapProgram *program = MemoryContextAllocZero(cxt, sizeof(OlapProgram));

	program->cxt = cxt;
	program->root.program = program;
	program->epochs = 1;
	program->place = 1;
	return program;
}

void
olap_program_free(OlapProgram *program)
{
	MemoryContextDelete(program->cxt);
}

MemoryContext
olap_program_context(const OlapProgram *program)
{
	return program->cxt;
}

OlapScope *
olap_program_root(OlapProgram *program)
{
	return &program->root;
}

int
olap_program_add(OlapProgram *program, OlapNode *node)
{
	Assert(node->scope == &program->root);
	if (program->nouts == program->max_outs)
	{
		int			max = Max(program->max_outs * 2, 8);
		OlapNode  **outs = MemoryContextAlloc(program->cxt,
											  max * sizeof(OlapNode *));

		if (program->nouts > 0)
			memcpy(outs, program->outs, program->nouts * sizeof(OlapNode *));
		program->outs = outs;
		program->max_outs = max;
	}
	program->outs[program->nouts] = node;
	return program->nouts++;
}

OlapScope *
olap_scope_branch(OlapScope *scope)
{
	OlapScope  *branch = MemoryContextAllocZero(scope->program->cxt,
												sizeof(OlapScope));

	branch->program = scope->program;
	branch->parent = scope;
	return branch;
}

void
olap_scope_enter(OlapScope *scope, const uint16 *pos, uint32 n)
{
	const OlapScope *parent = scope->parent;

	scope->epoch = ++scope->program->epochs;
	scope->n = n;
	scope->pos = pos;
	if (pos == NULL)
		scope->sel = parent->sel;
	else if (parent->sel == NULL)
		scope->sel = pos;
	else
	{
		if (scope->sel_buffer == NULL)
			scope->sel_buffer = MemoryContextAlloc(scope->program->cxt,
												   OLAP_VECTOR_ROWS *
												   sizeof(uint16));
		for (uint32 i = 0; i < n; i++)
			scope->sel_buffer[i] = parent->sel[pos[i]];
		scope->sel = scope->sel_buffer;
	}
}

void
olap_program_next(OlapProgram *program)
{
	program->started = false;
}

void
olap_program_new_place(OlapProgram *program)
{
	program->place++;
	program->started = false;
}

/* The vector of no rows. */
static const OlapVector *
empty_vector(OlapNode *node)
{
	if (node->empty == NULL)
	{
		node->empty = MemoryContextAllocZero(node->scope->program->cxt,
											 sizeof(OlapVector));
		olap_vector_init(node->empty, &node->type, 1, node->scope->program->cxt);
	}
	return node->empty;
}

const OlapVector *
olap_program_eval(OlapProgram *program, int out, OlapBatch *batch)
{
	OlapNode   *node = program->outs[out];

	if (!program->started)
	{
		program->batch = batch;
		program->root.n = batch->nsel;
		program->root.sel = batch->sel;
		program->root.epoch = ++program->epochs;
		program->started = true;
	}
	Assert(program->batch == batch && program->root.n == batch->nsel);
	if (batch->nsel == 0)
		return empty_vector(node);
	return olap_node_eval(node);
}

uint32
olap_program_filter(OlapProgram *program, int out, OlapBatch *batch)
{
	const OlapVector *v = olap_program_eval(program, out, batch);
	const uint8 *truth = v->values;
	uint32		n = 0;

	for (uint32 i = 0; i < batch->nsel; i++)
	{
		program->sel[n] = batch->sel != NULL ? batch->sel[i] : (uint16) i;
		n += truth[i] & (v->valid == NULL ? 1 :
						 (uint8) (v->valid[i >> 6] >> (i & 63)) & 1);
	}
	if (n < batch->nsel)
	{
		batch->sel = program->sel;
		batch->nsel = n;
	}
	program->started = false;
	return n;
}

const OlapColumnType *
olap_program_type(const OlapProgram *program, int out)
{
	return &program->outs[out]->type;
}

bool
olap_program_is_safe(const OlapProgram *program, int out)
{
	return program->outs[out]->safe;
}

const char *
olap_program_describe(const OlapProgram *program, int out)
{
	return program->outs[out]->bridged ? "bridge" : "kernel";
}

/* ---- nodes ---- */

void *
olap_node_make(OlapScope *scope, size_t size, OlapNodeEval eval,
			   const OlapColumnType *type, OlapNode *const *args, int nargs)
{
	MemoryContext cxt = scope->program->cxt;
	OlapNode   *node = MemoryContextAllocZero(cxt, size);

	node->eval = eval;
	node->scope = scope;
	node->type = *type;
	node->nargs = nargs;
	node->args = MemoryContextAlloc(cxt, Max(nargs, 1) * sizeof(OlapNode *));
	for (int i = 0; i < nargs; i++)
	{
		node->args[i] = args[i];
		node->bridged |= args[i]->bridged;
	}
	return node;
}

const OlapColumnType *
olap_node_type(const OlapNode *node)
{
	return &node->type;
}

bool
olap_node_is_safe(const OlapNode *node)
{
	return node->safe;
}

OlapVector *
olap_node_result_as(OlapNode *node, OlapPhys phys, uint16 width, uint32 n)
{
	OlapVector *v = &node->result;

	Assert(n <= OLAP_VECTOR_ROWS);
	if (v->values == NULL)
	{
		v->cxt = node->scope->program->cxt;
		v->values = MemoryContextAlloc(v->cxt, OLAP_VECTOR_ROWS *
									   (Size) Max(Max(width, node->type.width), 8));
	}
	v->phys = phys;
	v->width = width;
	v->typalign = node->type.typalign;
	v->scale = node->type.scale;
	v->n = n;
	v->capacity = OLAP_VECTOR_ROWS;
	v->valid = NULL;
	v->codes = NULL;
	v->dict = NULL;
	v->heap = NULL;
	v->heap_len = v->heap_cap = 0;
	return v;
}

OlapVector *
olap_node_result(OlapNode *node, uint32 n)
{
	return olap_node_result_as(node, node->type.phys, node->type.width, n);
}

uint64 *
olap_node_valid(OlapNode *node)
{
	if (node->valid_buffer == NULL)
		node->valid_buffer = MemoryContextAlloc(node->scope->program->cxt,
												OLAP_VALID_WORDS * sizeof(uint64));
	return node->valid_buffer;
}

void
olap_node_strict(OlapNode *node, const OlapVector *a, const OlapVector *b)
{
	uint64	   *valid;

	if (b == NULL || b->valid == NULL || b->valid == a->valid)
		node->result.valid = a->valid;
	else if (a->valid == NULL)
		node->result.valid = b->valid;
	else
	{
		valid = olap_node_valid(node);
		for (uint32 w = 0; w < (node->scope->n + 63) / 64; w++)
			valid[w] = a->valid[w] & b->valid[w];
		node->result.valid = valid;
	}
}

OlapColumnType
olap_plain_type(Oid typid)
{
	OlapColumnType type = {.typid = typid, .typmod = -1, .typbyval = true};

	switch (typid)
	{
		case BOOLOID:
			type.typlen = 1;
			type.typalign = TYPALIGN_CHAR;
			break;
		case INT2OID:
			type.typlen = 2;
			type.typalign = TYPALIGN_SHORT;
			break;
		case INT4OID:
		case FLOAT4OID:
		case DATEOID:
			type.typlen = 4;
			type.typalign = TYPALIGN_INT;
			break;
		case NUMERICOID:
			type.typlen = -1;
			type.typbyval = false;
			type.typalign = TYPALIGN_INT;
			break;
		default:
			type.typlen = 8;
			type.typalign = TYPALIGN_DOUBLE;
			break;
	}
	olap_column_type_resolve(&type);
	return type;
}

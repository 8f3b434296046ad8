/*-------------------------------------------------------------------------
 *
 * program_logic.c
 *		Three-valued logic: AND, OR, NOT, IS NULL, IS TRUE and their kin.
 *
 * The server evaluates the arguments of AND and OR from left to right and stops
 * at the first that decides.  So an argument that may raise an error runs in a
 * branch, for the rows that those before left open; one that may not runs for
 * all rows, which is a loop without a selection.
 *
 * src/vector/program_logic.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "base/kernel.h"
#include "vector/program_internal.h"

/* A truth value: 0, 1, or NULL. */
#define TRUTH_NULL 2

typedef struct LogicNode
{
	OlapNode	node;
	bool		is_or;
	uint8	   *truth;			/* [OLAP_VECTOR_ROWS], of the rows so far */
	uint8	   *other;			/* of an argument */
	uint16	   *open;			/* rows that are not decided */
} LogicNode;

/* Truth values of a boolean vector. */
static void
get_truth(uint8 *out, const OlapVector *v, uint32 n)
{
	memcpy(out, v->values, n);
	if (v->valid != NULL)
		for (uint32 i = 0; i < n; i++)
			if (olap_vector_is_null(v, i))
				out[i] = TRUTH_NULL;
}

OLAP_KERNEL static void
and_truth(uint8 *restrict to, const uint8 *restrict from, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		to[i] = ((to[i] == 0) | (from[i] == 0)) ? 0 : to[i] | from[i];
	/* 1 | 2 is neither: NULL all the same */
	for (uint32 i = 0; i < n; i++)
		to[i] = to[i] > 1 ? TRUTH_NULL : to[i];
}

OLAP_KERNEL static void
or_truth(uint8 *restrict to, const uint8 *restrict from, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		to[i] = ((to[i] == 1) | (from[i] == 1)) ? 1 : to[i] | from[i];
}

/* The result of truth values. */
static const OlapVector *
put_truth(OlapNode *node, const uint8 *truth, uint32 n)
{
	OlapVector *out = olap_node_result(node, n);
	uint8	   *r = out->values;
	uint8		any = 0;
	uint64	   *valid;

	for (uint32 i = 0; i < n; i++)
	{
		r[i] = truth[i] & 1;
		any |= truth[i];
	}
	if (any & TRUTH_NULL)
	{
		valid = olap_node_valid(node);
		memset(valid, 0, OLAP_VALID_WORDS * sizeof(uint64));
		for (uint32 i = 0; i < n; i++)
			valid[i >> 6] |= (uint64) (truth[i] != TRUTH_NULL) << (i & 63);
		out->valid = valid;
	}
	return out;
}

/* An argument for the rows that are open; false if there are none. */
static bool
eval_open(LogicNode *self, OlapNode *arg, uint32 n)
{
	uint8		decided = self->is_or ? 1 : 0;
	uint32		nopen = 0;

	for (uint32 i = 0; i < n; i++)
	{
		self->open[nopen] = (uint16) i;
		nopen += self->truth[i] != decided;
	}
	if (nopen == 0)
		return false;
	olap_scope_enter(arg->scope, nopen == n ? NULL : self->open, nopen);
	get_truth(self->other, olap_node_eval(arg), nopen);
	for (uint32 i = 0; i < nopen; i++)
	{
		uint8	   *to = &self->truth[self->open[i]];

		/* an open row is the other value, or NULL */
		if (self->other[i] == decided)
			*to = decided;
		else if (self->other[i] == TRUTH_NULL)
			*to = TRUTH_NULL;
	}
	return true;
}

static const OlapVector *
eval_logic(OlapNode *node)
{
	LogicNode  *self = (LogicNode *) node;
	uint32		n = node->scope->n;

	get_truth(self->truth, olap_node_eval(node->args[0]), n);
	for (int k = 1; k < node->nargs; k++)
	{
		if (node->args[k]->scope != node->scope)
		{
			if (!eval_open(self, node->args[k], n))
				break;
			continue;
		}
		get_truth(self->other, olap_node_eval(node->args[k]), n);
		if (self->is_or)
			or_truth(self->truth, self->other, n);
		else
			and_truth(self->truth, self->other, n);
	}
	return put_truth(node, self->truth, n);
}

OlapNode *
olap_node_logic(OlapScope *scope, bool is_or, OlapNode *const *args, int nargs)
{
	OlapColumnType type = olap_plain_type(BOOLOID);
	LogicNode  *self = olap_node_make(scope, sizeof(LogicNode), eval_logic,
									  &type, args, nargs);
	MemoryContext cxt = scope->program->cxt;

	self->is_or = is_or;
	self->truth = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS);
	self->other = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS);
	self->open = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS * sizeof(uint16));
	self->node.safe = true;
	for (int i = 0; i < nargs; i++)
	{
		Assert(args[i]->scope == scope ||
			   (i > 0 && args[i]->scope->parent == scope));
		self->node.safe &= args[i]->safe;
	}
	return &self->node;
}

/* ---- tests of one argument ---- */

typedef struct TestNode
{
	OlapNode	node;
	OlapTruthTest test;
} TestNode;

/* The answer by truth value: false, true, NULL; 2 stands for NULL. */
static const uint8 answers[][3] = {
	[OLAP_TEST_NOT] = {1, 0, TRUTH_NULL},
	[OLAP_TEST_TRUE] = {0, 1, 0},
	[OLAP_TEST_NOT_TRUE] = {1, 0, 1},
	[OLAP_TEST_FALSE] = {1, 0, 0},
	[OLAP_TEST_NOT_FALSE] = {0, 1, 1},
};

static const OlapVector *
eval_test(OlapNode *node)
{
	TestNode   *self = (TestNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const uint8 *x = a->values;
	const uint8 *table = answers[self->test];
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	uint8	   *r = out->values;

	for (uint32 i = 0; i < n; i++)
		r[i] = x[i] ? table[1] : table[0];
	if (self->test == OLAP_TEST_NOT)
		out->valid = a->valid;
	else if (a->valid != NULL)
		for (uint32 i = 0; i < n; i++)
			if (olap_vector_is_null(a, i))
				r[i] = table[2];
	return out;
}

static const OlapVector *
eval_null(OlapNode *node)
{
	TestNode   *self = (TestNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint8		want = self->test == OLAP_TEST_NULL;
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	uint8	   *r = out->values;

	memset(r, want ^ 1, n);
	if (a->valid != NULL)
		for (uint32 i = 0; i < n; i++)
			r[i] = olap_vector_is_null(a, i) == want;
	return out;
}

OlapNode *
olap_node_test(OlapScope *scope, OlapTruthTest test, OlapNode *a)
{
	OlapColumnType type = olap_plain_type(BOOLOID);
	bool		null = test == OLAP_TEST_NULL || test == OLAP_TEST_NOT_NULL;
	TestNode   *self = olap_node_make(scope, sizeof(TestNode),
									  null ? eval_null : eval_test, &type, &a,
									  1);

	self->test = test;
	self->node.safe = a->safe;
	return &self->node;
}

/*-------------------------------------------------------------------------
 *
 * program_bridge.c
 *		What has no kernel: a callback of the layer above.
 *
 * A callback costs some 50 to 200 ns, so it is asked as rarely as possible: of
 * an operand that has a dictionary once for each entry that occurs, of any
 * other single operand not again for the value of the row before.  Entries that
 * no row in play has are not tried, as the callback may raise an error for
 * them.
 *
 * Answers are collected in a dictionary of distinct results, so that what came
 * in as codes goes out as codes: group keys and further callbacks work on
 * these.
 *
 * src/vector/program_bridge.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/hash.h"
#include "base/varlena.h"
#include "vector/program_internal.h"

/* Answers by code, beside codes of results. */
#define MEMO_UNKNOWN PG_UINT32_MAX
#define MEMO_NULL (PG_UINT32_MAX - 1)

/* Bytes of results kept of a place: what comes then is asked row by row. */
#define MEMO_BYTES (16 * 1024 * 1024)

typedef struct Memo
{
	uint64		place;			/* answers and results are of this place */
	const OlapVector *dict;		/* answers are of this dictionary */
	uint32		nanswers;
	uint32		max_answers;
	uint32	   *answers;		/* code of a result, or MEMO_ */
	uint32		null_answer;	/* of the row that is NULL */
	OlapVector	results;		/* distinct, if VAR */
	uint32		nslots;			/* hash table of results: a power of 2 */
	uint32	   *slots;			/* result + 1; 0: free */
	uint32	   *codes;			/* of the rows of a batch */
} Memo;

typedef struct Scratch
{
	char		bytes[OLAP_DECIMAL_MAX_SIZE];
	uint64		align;
} Scratch;

typedef struct BridgeNode
{
	OlapNode	node;
	OlapBridge	bridge;
	OlapVector	rows;			/* the result of the row by row way */
	Memo	   *memo;
	Scratch    *scratch;		/* one an operand */
	bool		known;			/* without operands: value is there */
} BridgeNode;

/* Put the value of operand k into the callback's hands. */
static inline void
set_operand(BridgeNode *self, int k, const OlapVector *v, uint32 row)
{
	self->bridge.nulls[k] = olap_vector_is_null(v, row);
	self->bridge.values[k] = self->bridge.nulls[k] ? (Datum) 0 :
		olap_vector_datum(v, row, self->scratch[k].bytes);
}

/* ---- dictionaries ---- */

static void
grow_slots(BridgeNode *self, Memo *memo)
{
	MemoryContext cxt = self->node.scope->program->cxt;
	const OlapVector *v = &memo->results;

	if (memo->slots != NULL)
		pfree(memo->slots);
	memo->nslots = Max(memo->nslots * 2, 64);
	memo->slots = MemoryContextAllocHuge(cxt, memo->nslots * sizeof(uint32));
	memset(memo->slots, 0, memo->nslots * sizeof(uint32));
	for (uint32 i = 0; i < v->n; i++)
	{
		const char *value = v->heap + ((const uint32 *) v->values)[i];
		uint32		at = (uint32) olap_hash_bytes((const uint8 *) VARDATA(value),
												  VARSIZE(value) - VARHDRSZ);

		while (memo->slots[at & (memo->nslots - 1)] != 0)
			at++;
		memo->slots[at & (memo->nslots - 1)] = i + 1;
	}
}

/* The number of a result, new or not. */
static uint32
intern(BridgeNode *self, Memo *memo, Datum datum)
{
	OlapVector *v = &memo->results;
	const char *data = VARDATA_ANY(DatumGetPointer(datum));
	size_t		len = VARSIZE_ANY_EXHDR(DatumGetPointer(datum));
	uint32		at;
	uint32		slot;

	if (v->n * 2 >= memo->nslots)
		grow_slots(self, memo);
	at = (uint32) olap_hash_bytes((const uint8 *) data, len);
	while ((slot = memo->slots[at & (memo->nslots - 1)]) != 0)
	{
		const char *other = v->heap + ((const uint32 *) v->values)[slot - 1];

		if (VARSIZE(other) - VARHDRSZ == len &&
			memcmp(VARDATA(other), data, len) == 0)
			return slot - 1;
		at++;
	}
	olap_vector_append_var(v, data, len);
	memo->slots[at & (memo->nslots - 1)] = v->n;
	return v->n - 1;
}

/* Ask the callback for row of v and keep its answer. */
static uint32
ask(BridgeNode *self, Memo *memo, const OlapVector *v, uint32 row)
{
	bool		isnull = false;
	Datum		datum;

	set_operand(self, 0, v, row);
	datum = self->bridge.call(self->bridge.arg, &isnull);
	if (isnull)
		return MEMO_NULL;
	if (memo->results.phys == OLAP_PHYS_VAR &&
		self->node.type.phys == OLAP_PHYS_VAR)
		return intern(self, memo, datum);
	olap_vector_append_datum(&memo->results, &self->node.type, datum, false);
	return memo->results.n - 1;
}

/* Answers for the dictionary that codes now refer to. */
static Memo *
open_memo(BridgeNode *self, const OlapVector *dict)
{
	OlapProgram *program = self->node.scope->program;
	Memo	   *memo = self->memo;

	if (memo == NULL)
	{
		memo = self->memo = MemoryContextAllocZero(program->cxt, sizeof(Memo));
		memo->codes = MemoryContextAlloc(program->cxt, OLAP_VECTOR_ROWS *
										 sizeof(uint32));
		olap_vector_init(&memo->results, &self->node.type, 64, program->cxt);
	}
	if (memo->place != program->place)
	{
		olap_vector_reset(&memo->results, &self->node.type);
		if (memo->slots != NULL)
			memset(memo->slots, 0, memo->nslots * sizeof(uint32));
		memo->null_answer = MEMO_UNKNOWN;
	}
	if (memo->place != program->place || memo->dict != dict)
		memo->nanswers = 0;
	memo->place = program->place;
	memo->dict = dict;
	if (dict->n > memo->max_answers)
	{
		uint32		max = Max(dict->n, memo->max_answers * 2);
		uint32	   *answers = MemoryContextAllocHuge(program->cxt,
													 max * sizeof(uint32));

		if (memo->nanswers > 0)
			memcpy(answers, memo->answers, memo->nanswers * sizeof(uint32));
		if (memo->answers != NULL)
			pfree(memo->answers);
		memo->answers = answers;
		memo->max_answers = max;
	}
	for (; memo->nanswers < dict->n; memo->nanswers++)
		memo->answers[memo->nanswers] = MEMO_UNKNOWN;
	return memo;
}

/* Are the results of this place so long that they are not all kept? */
static bool
memo_is_full(const BridgeNode *self)
{
	return self->memo != NULL && self->memo->place == self->node.scope->program->place &&
		self->memo->results.heap_len > MEMO_BYTES;
}

/* The results that memo->codes name, as the node's vector. */
static const OlapVector *
spread(BridgeNode *self, const Memo *memo, uint32 n, bool has_nulls)
{
	const OlapVector *from = &memo->results;
	OlapVector *out = olap_node_result_as(&self->node, from->phys, from->width,
										  n);
	uint32	   *codes = memo->codes;
	uint64	   *valid;

	if (has_nulls)
	{
		valid = out->valid = olap_node_valid(&self->node);
		memset(valid, 0xFF, (n + 63) / 64 * sizeof(uint64));
		for (uint32 i = 0; i < n; i++)
			if (codes[i] == MEMO_NULL)
			{
				valid[i >> 6] &= ~(UINT64CONST(1) << (i & 63));
				codes[i] = 0;
			}
	}
	if (from->n == 0)
	{
		memset(out->values, 0, (size_t) n * from->width);
		return out;
	}
	for (uint32 i = 0; i < n; i++)
		memcpy((char *) out->values + (size_t) i * from->width,
			   (const char *) from->values + (size_t) codes[i] * from->width,
			   from->width);
	out->scale = from->scale;
	out->heap = from->heap;
	out->heap_len = from->heap_len;
	if (from->phys == OLAP_PHYS_VAR && self->node.type.phys == OLAP_PHYS_VAR)
	{
		out->codes = codes;
		out->dict = from;
	}
	return out;
}

static const OlapVector *
eval_dictionary(BridgeNode *self, const OlapVector *v, uint32 n)
{
	Memo	   *memo = open_memo(self, v->dict);
	bool		has_nulls = false;

	for (uint32 i = 0; i < n; i++)
	{
		uint32	   *answer = &memo->null_answer;

		if (!olap_vector_is_null(v, i))
		{
			Assert(v->codes[i] < memo->nanswers);
			answer = &memo->answers[v->codes[i]];
		}
		if (*answer == MEMO_UNKNOWN)
			*answer = ask(self, memo, v, i);
		memo->codes[i] = *answer;
		has_nulls |= *answer == MEMO_NULL;
	}
	return spread(self, memo, n, has_nulls);
}

/* ---- rows ---- */

/* Do two rows that are not NULL hold the same bytes? */
static bool
same_value(const OlapVector *v, uint32 a, uint32 b)
{
	if (v->phys == OLAP_PHYS_VAR)
		return ((const uint32 *) v->values)[a] == ((const uint32 *) v->values)[b];
	return memcmp((const char *) v->values + (size_t) a * v->width,
				  (const char *) v->values + (size_t) b * v->width,
				  v->width) == 0;
}

/* Append the last row of v once more. */
static void
repeat_last(OlapVector *v)
{
	uint32		row = v->n;

	if (olap_vector_is_null(v, row - 1))
	{
		olap_vector_append_null(v);
		return;
	}
	olap_vector_reserve(v, 1);
	memcpy((char *) v->values + (size_t) row * v->width,
		   (char *) v->values + (size_t) (row - 1) * v->width, v->width);
	if (v->valid != NULL)
		v->valid[row >> 6] |= UINT64CONST(1) << (row & 63);
	v->n++;
}

static const OlapVector *
eval_rows(BridgeNode *self, const OlapVector *const *args, uint32 n)
{
	OlapNode   *node = &self->node;
	OlapVector *out = &self->rows;

	if (out->values == NULL)
		olap_vector_init(out, &node->type, OLAP_VECTOR_ROWS,
						 node->scope->program->cxt);
	olap_vector_reset(out, &node->type);
	for (uint32 i = 0; i < n; i++)
	{
		bool		isnull = false;
		Datum		datum;

		if (node->nargs == 1 && i > 0 && !olap_vector_is_null(args[0], i) &&
			!olap_vector_is_null(args[0], i - 1) &&
			same_value(args[0], i, i - 1))
		{
			repeat_last(out);
			continue;
		}
		for (int k = 0; k < node->nargs; k++)
			set_operand(self, k, args[k], i);
		datum = self->bridge.call(self->bridge.arg, &isnull);
		olap_vector_append_datum(out, &node->type, datum, isnull);
	}
	return out;
}

static const OlapVector *
eval_bridge(OlapNode *node)
{
	BridgeNode *self = (BridgeNode *) node;
	const OlapVector *args[OLAP_BRIDGE_ARGS];

	for (int k = 0; k < node->nargs; k++)
		args[k] = olap_node_eval(node->args[k]);
	if (node->nargs == 1 && args[0]->codes != NULL && args[0]->dict->n > 0 &&
		!memo_is_full(self))
		return eval_dictionary(self, args[0], node->scope->n);
	return eval_rows(self, args, node->scope->n);
}

/* Without operands: one call, its result kept. */
static const OlapVector *
eval_once(OlapNode *node)
{
	BridgeNode *self = (BridgeNode *) node;
	bool		isnull = false;
	Datum		datum;

	if (!self->known)
	{
		datum = self->bridge.call(self->bridge.arg, &isnull);
		node->args[0] = olap_node_const(node->scope, &node->type, datum, isnull);
		self->known = true;
	}
	return olap_node_eval(node->args[0]);
}

OlapNode *
olap_node_bridge(OlapScope *scope, const OlapColumnType *type,
				 const OlapBridge *bridge, OlapNode *const *args, int nargs)
{
	BridgeNode *self = olap_node_make(scope, sizeof(BridgeNode),
									  nargs == 0 ? eval_once : eval_bridge,
									  type, args, nargs);

	Assert(nargs <= OLAP_BRIDGE_ARGS);
	self->bridge = *bridge;
	self->scratch = MemoryContextAllocZero(scope->program->cxt,
										   Max(nargs, 1) * sizeof(Scratch));
	self->node.bridged = nargs > 0;
	self->node.constant = nargs == 0;
	return &self->node;
}

/*-------------------------------------------------------------------------
 *
 * order_words.c
 *		Values as words that sort: for those who look for the first ones.
 *
 * src/vector/order_words.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/varlena.h"
#include "vector/expr_internal.h"
#include "vector/order_words.h"
#include "vector/words.h"

static void
float_order_words(const OlapVector *v, uint32 n, int64 *words)
{
	for (uint32 i = 0; i < n; i++)
		words[i] = olap_float_order_word(v->phys == OLAP_PHYS_F32 ?
										 (double) ((const float *) v->values)[i] :
										 ((const double *) v->values)[i]);
}

static void
string_order_words(const OlapVector *v, OlapOrder order, uint32 n, int64 *words,
				   const uint8 *nulls)
{
	for (uint32 i = 0; i < n; i++)
	{
		const uint8 *data = (const uint8 *) v->values + (size_t) i * v->width;
		size_t		len = v->width;

		words[i] = 0;
		if (nulls[i])
			continue;
		if (v->phys == OLAP_PHYS_VAR)
		{
			const char *value = v->heap + ((const uint32 *) v->values)[i];

			data = (const uint8 *) VARDATA(value);
			len = VARSIZE(value) - VARHDRSZ;
		}
		if (order == OLAP_ORDER_BPCHAR)
			len = olap_bpchar_length(data, len);
		words[i] = (int64) (olap_prefix_word(data, len) ^ (UINT64CONST(1) << 63));
	}
}

bool
olap_vector_order_words(const OlapVector *v, const OlapColumnType *type,
						OlapOrder order, uint32 n, int64 *words, uint8 *nulls)
{
	const int64 *values;

	for (uint32 i = 0; i < n; i++)
		nulls[i] = olap_vector_is_null(v, i);
	switch (order)
	{
		case OLAP_ORDER_FLOAT:
			float_order_words(v, n, words);
			return true;
		case OLAP_ORDER_BYTES:
		case OLAP_ORDER_BPCHAR:
			string_order_words(v, order, n, words, nulls);
			return true;
		case OLAP_ORDER_NUMERIC:
			if (v->phys != OLAP_PHYS_DEC64 || type->phys != OLAP_PHYS_DEC64 ||
				v->scale != type->scale)
				return false;
			break;
		case OLAP_ORDER_INTERVAL:
			return false;
		case OLAP_ORDER_INT:
		case OLAP_ORDER_UINT:
			break;
	}
	values = olap_vector_words(v, order == OLAP_ORDER_UINT, n, words);
	if (values != words)
		memcpy(words, values, n * sizeof(int64));
	return true;
}
